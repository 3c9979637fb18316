import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import {
  ApplyFact,
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  decisionModel,
  model,
} from 'nestjs-factstr';
import type {
  AppendResult,
  DurableProjectionOptions,
  EventRecord,
  ReactionContext,
} from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];
type Context = Omit<ReactionContext, 'manager'>;
type Method = (fact: EventRecord, context: Context) => unknown;

const asked = (n: unknown) => ({ event_type: 'asked', payload: { n } });
let made = 0;
/** No two are alike. */
const answered = (to: bigint) => ({
  event_type: 'answered',
  payload: { to: Number(to), at: (made += 1) },
});

/** A class that reacts to each fact of the type `asked` by what the test gives. */
function reacting(options: Omit<DurableProjectionOptions, 'name'>, method: Method): Type {
  @Injectable()
  @DurableProjection({ name: 'answers', ...options })
  class Answers {
    @ApplyFact('asked')
    async on(one: EventRecord, context: Context): Promise<void> {
      await method(one, context);
    }
  }
  return Answers;
}

/** To which facts was answered, in order. */
async function answers(store: FactstrStore): Promise<number[]> {
  const query = { filters: [{ event_types: ['answered'] }] };
  const { event_records } = await store.query(query);
  return event_records.map(({ payload }) => (payload as { to: number }).to);
}

const drained = async (app: TestingModule): Promise<void> => {
  await app.get(FactstrProjections).drained();
};

describe.each(providers)('A reaction, on %s,', (provider) => {
  /** Applications one after another, on one log. */
  async function starting(): Promise<(...classes: Type[]) => Promise<TestingModule>> {
    const options = await optionsOf(provider, fixtures);
    if (provider !== 'memory') return (...classes) => fixtures.start(options, ...classes);
    // The log outlives the application.
    const first = await fixtures.start(options);
    const store = first.get(FactstrStore).raw;
    return (...classes) => fixtures.start({ provider: 'custom', store }, ...classes);
  }

  it('is made once for each fact, whatever it appends, and follows from it', async () => {
    const start = await starting();
    const results: (AppendResult | null)[] = [];
    let failing = 3;
    const app = await start(
      reacting({}, async ({ sequence_number }, context) => {
        results.push(await context.append([answered(sequence_number)]));
        results.push(
          await context.append([answered(sequence_number)], { key: 'more', metadata: { n: 1 } }),
        );
        if (failing-- > 0) throw new Error('after the append');
      }),
    );
    const store = app.get(FactstrStore);
    await store.append([asked(1), asked(2)], { metadata: { correlation_id: 'c' } });
    await until(
      async () => failing < 2,
      () => 'attempts',
    );
    await drained(app);
    expect(await answers(store)).toEqual([1, 1, 2, 2]);
    expect(results.slice(2, 4)).toEqual(results.slice(0, 2));
    const { event_records } = await store.query({}, { metadata: true });
    expect(event_records.slice(2).map(({ metadata }) => metadata)).toEqual([
      { causation_id: '1', correlation_id: 'c' },
      { causation_id: '1', correlation_id: 'c', n: 1 },
      { causation_id: '2', correlation_id: 'c' },
      { causation_id: '2', correlation_id: 'c', n: 1 },
    ]);
  });

  it('is not made again by a rebuild, nor by a new version, also where it would now be another', async () => {
    const start = await starting();
    let seen: number[] = [];
    let reacts = (n: number): boolean => n % 2 === 1;
    const method: Method = async ({ sequence_number, payload }, context) => {
      const { n } = payload as { n: number };
      seen.push(n);
      if (reacts(n)) await context.append([answered(sequence_number)]);
    };
    const app = await start(reacting({}, method));
    const store = app.get(FactstrStore);
    await store.append([1, 2, 3].map(asked));
    await drained(app);
    expect(await answers(store)).toEqual([1, 3]);

    reacts = () => true;
    for (let round = 0; round < 2; round++) {
      seen = [];
      await app.get(FactstrProjections).rebuild('answers');
      await until(
        async () => seen.length === 3,
        () => 'the rebuild',
      );
      await drained(app);
      expect(await answers(store)).toEqual([1, 3]);
    }
    await store.append([asked(4)]);
    await drained(app);
    expect(await answers(store)).toEqual([1, 3, 6]);
    await app.close();

    seen = [];
    const next = await start(reacting({ version: 2 }, method));
    await drained(next);
    expect(seen).toEqual([1, 2, 3, 4]);
    await next.get(FactstrStore).append([asked(5)]);
    await drained(next);
    expect(await answers(next.get(FactstrStore))).toEqual([1, 3, 6, 8]);
    await next.close();

    // Back to the version before: what the next one reacted to was reacted to.
    seen = [];
    const former = await start(reacting({}, method));
    await drained(former);
    expect([seen, await answers(former.get(FactstrStore))]).toEqual([[5], [1, 3, 6, 8]]);
  });

  it('is repeated once for each rebuild and version where it says so', async () => {
    const start = await starting();
    let failing = 0;
    const method: Method = async ({ sequence_number }, context) => {
      await context.append([answered(sequence_number)]);
      if (failing-- > 0) throw new Error('after the append');
    };
    const app = await start(reacting({ reactions: 'repeat' }, method));
    const store = app.get(FactstrStore);
    await store.append([asked(1), asked(2)]);
    await drained(app);
    failing = 1;
    await app.get(FactstrProjections).rebuild('answers');
    await until(
      async () => failing < 0,
      () => 'the rebuild',
    );
    await drained(app);
    expect(await answers(store)).toEqual([1, 2, 1, 2]);
    await app.close();
    failing = 1;
    const next = await start(reacting({ reactions: 'repeat', version: 2 }, method));
    await drained(next);
    expect(await answers(next.get(FactstrStore))).toEqual([1, 2, 1, 2, 1, 2]);
  });

  it('to a parked fact is made when that is handled, also by a rebuild', async () => {
    const start = await starting();
    let broken = true;
    const app = await start(
      reacting(
        { onFailure: 'park', maxAttempts: 1 },
        async ({ sequence_number, payload }, context) => {
          if (broken && (payload as { n: number }).n !== 2) throw new Error('not yet');
          await context.append([answered(sequence_number)]);
        },
      ),
    );
    const store = app.get(FactstrStore);
    const projections = app.get(FactstrProjections);
    for (const n of [1, 2, 3]) await store.append([asked(n)]);
    await until(
      async () => (await projections.status('answers')).parked === 2,
      () => 'parked facts',
    );
    await drained(app);
    expect(await answers(store)).toEqual([2]);
    await projections.rebuild('answers');
    await until(
      async () => (await projections.status('answers')).parked === 2,
      () => 'parked facts',
    );
    expect(await answers(store)).toEqual([2]);
    broken = false;
    await projections.retryParked('answers');
    await until(
      async () => (await answers(store)).length === 3,
      () => 'the retry',
    );
    expect(await answers(store)).toEqual([2, 1, 3]);
    await projections.rebuild('answers');
    await drained(app);
    expect(await answers(store)).toEqual([2, 1, 3]);
  });

  it('decides once, by a query and by models', async () => {
    const start = await starting();
    const answersOf = decisionModel(`answers ${provider} ${(made += 1)}`, (to: number) =>
      model({ count: 0 }).on('answered', { to }, ({ count }) => ({ count: count + 1 })),
    );
    const decided: unknown[] = [];
    let failing = 1;
    let calls = 0;
    const app = await start(
      reacting({ reactions: 'once' }, async ({ sequence_number }, context) => {
        const query = { filters: [{ event_types: ['never'] }] };
        const byQuery = await context.decide(query, () => {
          calls++;
          return [answered(sequence_number)];
        });
        const byModel = await context.decide(
          { answers: answersOf(Number(sequence_number)) },
          ({ answers: { count } }) => {
            calls++;
            return count > 1 ? [] : { append: [answered(sequence_number)], result: count };
          },
          { key: 'model' },
        );
        decided.push([byQuery?.first_sequence_number, byModel]);
        if (failing-- > 0) throw new Error('after the decisions');
      }),
    );
    const store = app.get(FactstrStore);
    await store.append([asked(1)]);
    await until(
      async () => decided.length === 2,
      () => 'attempts',
    );
    await drained(app);
    expect([await answers(store), calls]).toEqual([[1, 1], 2]);
    const range = (n: bigint) => ({
      first_sequence_number: n,
      last_sequence_number: n,
      committed_count: 1n,
    });
    expect(decided).toEqual([
      [2n, { appended: range(3n), result: 1 }],
      [2n, { appended: range(3n), result: undefined }],
    ]);
    await app.get(FactstrProjections).rebuild('answers');
    await until(
      async () => decided.length === 3,
      () => 'the rebuild',
    );
    expect([decided[2], calls]).toEqual([decided[1], 2]);
  });

  it('is refused after its call, past a deadline, and by what it is not', async () => {
    const start = await starting();
    let late: Context | undefined;
    const problems: Record<string, unknown> = {};
    const codeOf = (call: Promise<unknown>) => call.catch((error: { code: string }) => error.code);
    const app = await start(
      reacting({ timeout: 300 }, async ({ payload, sequence_number }, context) => {
        const event = [answered(sequence_number)];
        if (late === undefined) {
          late = context;
          problems['key'] = await codeOf(context.append(event, { key: '' }));
          problems['number'] = await codeOf(context.append(event, { key: '#1' }));
          problems['option'] = await codeOf(context.append(event, { appendId: 'a' } as never));
          await context.append(event, { key: 'a' });
          problems['twice'] = await codeOf(context.append(event, { key: 'a' }));
        } else if ((payload as { n: number }).n === 2 && problems['deadline'] === undefined) {
          await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
          problems['deadline'] = await codeOf(context.append(event));
        }
      }),
    );
    const store = app.get(FactstrStore);
    await store.append([asked(1)]);
    await drained(app);
    problems['late'] = await codeOf(late!.append([answered(1n)]));
    problems['later'] = await codeOf(late!.decide({}, () => [answered(1n)]));
    await store.append([asked(2)]);
    await drained(app);
    expect(problems).toEqual({
      key: 'INVALID_OPTIONS',
      number: 'INVALID_OPTIONS',
      option: 'INVALID_OPTIONS',
      twice: 'INVALID_OPTIONS',
      deadline: 'STALE_CALL',
      late: 'STALE_CALL',
      later: 'STALE_CALL',
    });
    expect(await answers(store)).toEqual([1]);
  });
});

describe('Reactions', () => {
  it('are refused on a custom store, and are no option of methods', async () => {
    const problems: unknown[] = [];
    const app = await fixtures.start(
      { provider: 'custom', store: synchronousStore().store },
      reacting({}, async ({ sequence_number }, context) => {
        const reaction = context.append([answered(sequence_number)]);
        problems.push(await reaction.catch(({ message }: Error) => message));
      }),
    );
    await app.get(FactstrStore).append([asked(1)]);
    await until(
      async () => problems.length === 1,
      () => 'the call',
    );
    expect(problems).toEqual([expect.stringContaining('needs a store of this package')]);

    @Injectable()
    class Method {
      @DurableProjection({ name: 'method', query: {}, reactions: 'once' })
      on(): void {}
    }
    await expect(fixtures.start({ provider: 'memory' }, Method)).rejects.toThrow(
      /Method.on has the option reactions/,
    );
    await expect(
      fixtures.start(
        { provider: 'memory' },
        reacting({ reactions: 'twice' as never }, () => {}),
      ),
    ).rejects.toThrow(/reactions is twice/);
  });

  it('have names of a length that the store takes', async () => {
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'memory', limits: { maxNameBytes: 60 } })],
      providers: [
        reacting({}, async ({ sequence_number }, context) => {
          await context.append([answered(sequence_number)], { key: 'k'.repeat(60) });
        }),
      ],
    });
    const store = app.get(FactstrStore);
    await store.append([asked(1)]);
    await drained(app);
    expect(await answers(store)).toEqual([1]);
  });
});
