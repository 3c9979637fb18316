import { describe, expect, it } from '@jest/globals';
import { FactstrMemoryStore, ModelFailedError, decisionModel, model } from 'nestjs-factstr';
import type { EventRecord, Reducer } from 'nestjs-factstr';
import { foldModels } from '../../lib/decisions/fold.js';
import { freezeJson } from '../../lib/decisions/json-state.js';
import { failureOf } from '../support/failure-of.js';

let named = 0;
/** A name that no other model has. */
const name = (): string => `states: ${++named}`;

function record(number: number, event_type: string, payload: unknown = {}): EventRecord {
  const occurred_at = '2026-11-28T00:00:00.000Z';
  return { sequence_number: BigInt(number), occurred_at, event_type, payload };
}

/** The state of a model of one reducer, after one fact. */
function after(initial: unknown, reduce: Reducer<unknown, 'noted'>): unknown {
  const one = decisionModel(name(), () => model(initial).on('noted', reduce));
  return foldModels({ one: one() }, [record(7, 'noted', { a: { b: 1 } })]).one;
}

describe('A state', () => {
  it('is frozen, and so is the fact', () => {
    const state = after({ list: [{ a: 1 }] }, (before, fact) => {
      expect(Object.isFrozen(before)).toBe(true);
      expect(Object.isFrozen(fact.payload)).toBe(true);
      return { list: [...(before as { list: object[] }).list, fact.payload] };
    });
    const all = [state, ...Object.values(state as object), ...(state as { list: object[] }).list];
    for (const part of all) expect(Object.isFrozen(part)).toBe(true);
  });

  it.each<[string, (state: never, fact: never) => unknown, string]>([
    ['adds', (state: { list: number[] }) => (state.list.push(1), state), 'in place'],
    ['sets', (state: { n: number }) => ((state.n = 1), state), 'in place'],
    ['deletes', (state: { n?: number }) => (delete state.n, state), 'in place'],
    ['fills', (state: { list: number[] }) => ({ list: state.list.fill(0) }), 'in place'],
    [
      'changes the fact',
      (state: object, fact: { payload: unknown }) => (
        ((fact.payload as { a: unknown }).a = 1),
        state
      ),
      'in place',
    ],
    [
      'throws',
      () => {
        throw new Error('its own');
      },
      'threw its own',
    ],
    ['returns nothing', () => undefined, 'returned nothing'],
    ['is asynchronous', async () => 7, 'it is a promise'],
    ['makes a Map', () => ({ by: new Map() }), 'at $.by, a Map'],
    ['makes a Set', () => ({ by: new Set() }), 'at $.by, a Set'],
    ['makes a Date', () => [{ at: new Date() }], 'at $[0].at, a Date'],
    ['makes a bigint', () => ({ n: 1n }), 'at $.n, a bigint'],
    ['makes NaN', () => [0, NaN], 'at $[1], NaN'],
    ['leaves undefined', () => ({ a: { b: undefined } }), 'at $.a.b, undefined'],
    ['leaves a hole', () => Object.assign([], { length: 2 }), 'at $[0], undefined'],
    ['makes an object of a class', () => new FactstrMemoryStore(), 'FactstrMemoryStore'],
    ['makes a function', () => ({ f: () => 1 }), 'at $.f, a function'],
    [
      'makes a cycle',
      () => {
        const a: { a?: unknown } = {};
        a.a = a;
        return a;
      },
      'contains itself',
    ],
    ['makes an array of a class', () => new (class List extends Array {})(), 'class List'],
    ['has a symbol', () => ({ [Symbol('s')]: 1 }), 'a symbol'],
  ])('fails with its model and fact where a reducer %s', async (_, reduce, words) => {
    const failure = await failureOf(() => after({ list: [2, 1], n: 0 }, reduce as never));
    expect(failure).toBeInstanceOf(ModelFailedError);
    expect(failure).toMatchObject({
      code: 'MODEL_FAILED',
      message: expect.stringContaining(words),
    });
    expect((failure as Error).message).toContain(
      `"states: ${named}" failed at the fact 7 ("noted")`,
    );
  });

  it('is JSON data at its beginning too', async () => {
    const one = decisionModel(name(), () => model<unknown>({ all: new Set() }).on('a', (s) => s));
    expect(await failureOf(() => foldModels({ one: one() }, []))).toMatchObject({
      code: 'INVALID_MODEL',
      message: expect.stringContaining('at $.all, a Set'),
    });
  });

  it('may be any JSON data, of other realms and without prototypes too', () => {
    for (const state of [null, true, 'text', -1.5, [], {}, [[]], { a: [null, { b: 'c' }] }]) {
      expect(after(0, () => state)).toEqual(state);
    }
    const bare = Object.assign(Object.create(null) as object, { a: structuredClone({ b: [1] }) });
    expect(after(0, () => bare)).toBe(bare);
  });

  it('is measured by its JSON text', () => {
    for (const value of [null, true, false, 7, -12.5, 1e21, 'text', [], {}, [1, [2, 'x'], {}]]) {
      expect(freezeJson(value)).toBe(JSON.stringify(value).length);
    }
    const value = { a: [1, 2, { b: null }], c: { d: 'e', f: {} } };
    expect(freezeJson(value)).toBe(JSON.stringify(value).length);
    // What was measured before is a part of what is measured now.
    const larger = { value, more: [value, value] };
    expect(freezeJson(larger)).toBe(JSON.stringify(larger).length);
  });

  it('costs what changes of it, not what it holds', () => {
    const looked = { times: 0 };
    const large = new Proxy(
      Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, n])),
      {
        ownKeys: (target) => {
          looked.times++;
          return Reflect.ownKeys(target);
        },
      },
    );
    const one = decisionModel(name(), () =>
      model<{ large: object; n: number }>({ large, n: 0 }).on('noted', (state) => ({
        ...state,
        n: state.n + 1,
      })),
    );
    const log = Array.from({ length: 50 }, (_, n) => record(n + 1, 'noted'));
    const first = looked.times;
    expect(foldModels({ one: one() }, log).one.n).toBe(50);
    const once = looked.times - first;
    foldModels({ one: one() }, log);
    expect(looked.times - first).toBe(once);
  });
});
