import { describe, expect, it } from '@jest/globals';
import {
  FactstrMemoryStore,
  FactstrStore,
  InvalidModelError,
  decisionModel,
  defineDecision,
  facts,
  model,
} from 'nestjs-factstr';
import type { EventRecord, NewEvent } from 'nestjs-factstr';
import { contextOf, foldModels } from '../../lib/decisions/fold.js';
import { normalizedOutcome } from '../../lib/decisions/outcome.js';
import { failureOf } from '../support/failure-of.js';

let named = 0;
/** A name that no other model has. */
const name = (): string => `models: ${++named}`;

function record(number: number, event_type: string, payload: unknown = {}): EventRecord {
  const occurred_at = '2026-11-28T00:00:00.000Z';
  return { sequence_number: BigInt(number), occurred_at, event_type, payload };
}

describe('A decision model', () => {
  it('folds the facts of its types that contain its part, in order', () => {
    const one = decisionModel(name(), (key: string) =>
      model<string[]>([])
        .on('added', { key }, (all, { sequence_number }) => [...all, `+${sequence_number}`])
        .on(['removed', 'lost'], (all, { event_type }) => [...all, event_type])
        .on(facts('moved').where({ key }, { to: key }), (all) => [...all, 'moved']),
    );
    const log = [
      record(1, 'added', { key: 'a' }),
      record(2, 'added', { key: 'b' }),
      record(3, 'lost'),
      record(4, 'moved', { key: 'a', to: 'c' }),
      record(5, 'moved', { key: 'c', to: 'b' }),
      record(6, 'moved', { key: 'c', to: 'd' }),
      record(7, 'other', { key: 'a' }),
    ];
    expect(foldModels({ a: one('a'), b: one('b') }, log)).toEqual({
      a: ['+1', 'lost', 'moved'],
      b: ['+2', 'lost', 'moved'],
    });
    expect(contextOf([one('a')]).filters).toEqual([
      { event_types: ['added'], payload_predicates: [{ key: 'a' }] },
      { event_types: ['removed', 'lost'], payload_predicates: null },
      { event_types: ['moved'], payload_predicates: [{ key: 'a' }, { to: 'a' }] },
    ]);
  });

  it('gives a fact to each reducer that it matches, and to each once', () => {
    const calls: string[] = [];
    const call =
      (what: string) =>
      (state: number): number => {
        calls.push(what);
        return state + 1;
      };
    const one = decisionModel(name(), () =>
      model(0).on('a', call('a')).on(['a', 'b', 'a'], call('a or b')).on('a', { x: 1 }, call('x')),
    );
    const states = foldModels({ one: one() }, [
      record(1, 'a', { x: 1 }),
      record(2, 'b', { x: 1 }),
      record(3, 'a', { x: 2 }),
    ]);
    expect(states).toEqual({ one: 6 });
    expect(calls).toEqual(['a', 'a or b', 'x', 'a or b', 'a', 'a or b']);
  });

  it('is not changed by `on`', () => {
    const base = model(0).on('a', (state) => state + 1);
    const one = decisionModel(name(), () => base.on('b', (state) => state + 10));
    const other = decisionModel(name(), () => base);
    expect(foldModels({ one: one(), other: other() }, [record(1, 'a'), record(2, 'b')])).toEqual({
      one: 11,
      other: 1,
    });
  });

  it('has one name, once', () => {
    const taken = name();
    decisionModel(taken, () => model(0).on('a', (state) => state));
    expect(() => decisionModel(taken, () => model(0).on('a', (state) => state))).toThrow(
      InvalidModelError,
    );
    expect(() => decisionModel(taken, () => model(0).on('a', (state) => state))).toThrow(
      JSON.stringify(taken),
    );
  });

  it.each([
    ['no name', () => decisionModel('', () => model(0).on('a', () => 0)), 'has a name'],
    ['no function', () => decisionModel(name(), 7 as never), 'by a function'],
    ['no reducer', () => decisionModel(name(), () => model(0))(), 'no model with facts'],
    ['no model', () => decisionModel(name(), () => 7 as never)(), 'no model with facts'],
    ['no types', () => model(0).on([], () => 0), 'takes an event type'],
    ['an empty type', () => model(0).on('', () => 0), 'takes an event type'],
    ['no reducer of a type', () => model(0).on('a', 7 as never), 'and a reducer'],
  ])('is refused with %s', async (_, define, words) => {
    expect(await failureOf(define)).toMatchObject({
      code: 'INVALID_MODEL',
      message: expect.stringContaining(words),
    });
  });

  it('takes JSON data as arguments, and keeps copies', () => {
    const taken = name();
    const given: unknown[] = [];
    const one = decisionModel(taken, (id: unknown, more?: unknown) => {
      given.push(id, more);
      return model(0).on('a', (state) => state + 1);
    });
    const filter = { b: [1], a: null };
    expect(one(filter).key).toBe(one({ a: null, b: [1] }).key);
    expect(one('1').key).not.toBe(one(1).key);
    expect(one('a', 'b').key).not.toBe(one('a,b').key);
    expect(one(['a', 'b']).key).not.toBe(one('a', 'b').key);
    expect(given[0]).toEqual(filter);
    expect(given[0]).not.toBe(filter);
    class Id {}
    for (const [arg, what] of [
      [1n, 'a bigint'],
      [new Date(), 'a Date'],
      [{ at: new Map() }, 'at $.at, a Map'],
      [[NaN], 'at $[0], NaN'],
      [new Id(), 'the class Id'],
      [undefined, 'undefined'],
    ]) {
      expect(() => one('x', arg)).toThrow(
        new RegExp(
          `Argument 2 of the model "${taken}" .*${what as string}`
            .replaceAll('$', '\\$')
            .replaceAll('[0]', '\\[0\\]'),
        ),
      );
    }
  });
});

describe('An outcome', () => {
  const fact: NewEvent = { event_type: 'a', payload: 1 };

  it.each<[string, unknown, NewEvent[], unknown]>([
    ['a fact', fact, [fact], undefined],
    ['several', [fact, fact], [fact, fact], undefined],
    ['none', undefined, [], undefined],
    ['null', null, [], undefined],
    ['an empty list', [], [], undefined],
    ['a fact with a result', { append: fact, result: 7 }, [fact], 7],
    ['several with a result', { append: [fact], result: { a: 1 } }, [fact], { a: 1 }],
    ['none with a result', { append: null, result: 'known' }, [], 'known'],
    [
      'a fact that has a member `append`',
      { ...fact, append: 1 },
      [{ ...fact, append: 1 } as NewEvent],
      undefined,
    ],
  ])('may be %s', (_, outcome, events, result) => {
    expect(normalizedOutcome(outcome)).toEqual({ events, result });
  });

  it.each([
    7,
    'a',
    true,
    {},
    { result: 7 },
    { append: fact, events: [] },
    { append: 7, result: 1 },
  ])('may not be %j', (outcome) => {
    expect(() => normalizedOutcome(outcome)).toThrow(/A decision returns a fact, an array/);
  });
});

describe('decide and state refuse', () => {
  const store = FactstrStore.of<object>(new FactstrMemoryStore());
  const one = decisionModel(name(), () => model(0).on('a', (state) => state + 1));

  it.each<[string, () => unknown, string]>([
    ['a model without arguments', () => store.decide({ one } as never, () => []), 'is no model'],
    ['a model without a name', () => store.decide(one() as never, () => []), 'have names'],
    [
      'what is no model beside one',
      () => store.decide({ one: one(), other: one } as never, () => []),
      '"other" is a function',
    ],
    ['a state of no model', () => store.state(one as never), 'as in store.state'],
  ])('%s', async (_, call, words) => {
    const failure = await failureOf(call);
    expect(['INVALID_MODEL', 'INVALID_QUERY']).toContain((failure as { code?: string }).code);
    if ((failure as { code?: string }).code === 'INVALID_MODEL') {
      expect((failure as Error).message).toContain(words);
    }
  });

  it.each<[string, () => unknown, string]>([
    ['no models', () => ({}), 'has no models'],
    ['nothing', () => undefined, 'has no models'],
    ['a promise of models', async () => ({ one: one() }), 'has no models'],
    ['a list of models', () => [one()], 'has no models'],
    ['an absent model alone', () => ({ one: undefined }), '"one" is no model'],
    ['an absent model', () => ({ one: one(), other: undefined }), '"other" is no model'],
    ['a model without arguments', () => ({ one }), '"one" is a function'],
    ['a model without a name', () => one(), 'have names'],
  ])('a definition with %s', async (_, models, words) => {
    let decided = 0;
    const definition = defineDecision(models as never, () => {
      decided += 1;
    });
    expect(await failureOf(() => store.decide(definition, undefined))).toMatchObject({
      code: 'INVALID_MODEL',
      message: expect.stringContaining(words),
    });
    expect(decided).toBe(0);
  });

  it.each([{ upTo: 5 }, { upTo: -1n }, { upto: 5n }, null, 7])(
    'the options %p of state',
    async (options) => {
      await expect(store.state(one(), options as never)).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
      });
    },
  );
});
