import { afterEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { DurableProjection } from 'nestjs-factstr';
import type { DurableProjectionOptions, EventRecord, ProjectionContext } from 'nestjs-factstr';
import { until } from '../support/waiting/until.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { Gate } from '../support/inbox/inbox.js';
import { TestApp, sharedOptions } from '../support/fixtures/two-apps.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

type Handle = (
  facts: EventRecord[],
  context: ProjectionContext,
) => void | boolean | Promise<unknown>;

/** A class with the projection `items`; each call is kept as `numbers/attempt`. */
function projection(
  options: Omit<DurableProjectionOptions, 'name'>,
  calls: string[],
  handle: Handle = () => undefined,
  query: string[] | object = {},
): Type {
  class Items {
    @DurableProjection({ name: 'items', query, ...options } as never)
    project(facts: EventRecord[], context: ProjectionContext) {
      const numbers = facts.map(({ sequence_number }) => String(sequence_number)).join('+');
      calls.push(`${numbers}/${context.attempt}`);
      return handle(facts, context);
    }
  }
  return Items;
}

const poisoned = (facts: EventRecord[]) => facts.some(({ event_type }) => event_type === 'poison');

const takingAll: Handle = (facts, { attempt }) => {
  while (facts.shift() !== undefined) if (attempt < 2) throw new Error('not yet');
};

describe.each(['memory', 'sqlite', 'postgres'] as const)('The leased runner on %s', (provider) => {
  const start = async (...providers: Type[]) => {
    const options = await sharedOptions(provider, fixtures);
    return { app: await TestApp.start(fixtures, options, ...providers), options };
  };

  it('parks only the culprit of a batch, and goes on', async () => {
    const calls: string[] = [];
    const Items = projection({ onFailure: 'park', maxAttempts: 1 }, calls, (facts) => {
      if (poisoned(facts)) throw new Error('a bug');
    });
    const { app } = await start(Items);
    await app.store.append([
      { event_type: 'x', payload: {} },
      { event_type: 'poison', payload: {} },
      { event_type: 'x', payload: {} },
    ]);
    await app.append('x');
    await app.shows('items', {
      position: 4n,
      state: 'parked-some',
      reason: '1 fact(s) are parked',
    });
    expect(calls).toEqual(['1+2+3/1', '1/2', '2/2', '3/2', '4/1']);
    expect(await app.projections.parked('items')).toMatchObject([
      { sequence_number: 2n, error: 'a bug', attempts: 2 },
    ]);
    expect(fixtures.log.of('error').at(-1)).toMatch(/parked fact 2: a bug/);
  });

  it.each([
    ['of every type', {}],
    ['of some types', ['x']],
  ])(
    'repeats a call with all its facts %s, whatever the handler did to its array',
    async (_, query) => {
      const calls: string[] = [];
      const Items = projection({}, calls, takingAll, query);
      const { app } = await start(Items);
      const x = { event_type: 'x', payload: {} };
      await app.store.append([x, x, x]);
      await app.shows('items', { position: 3n, state: 'live' });
      expect(calls).toEqual(['1+2+3/1', '1+2+3/2']);
    },
  );

  it('retries parked facts in order; one that fails again stays, with those behind it', async () => {
    const calls: string[] = [];
    let broken = [1n, 2n, 3n];
    const Items = projection({ onFailure: 'park', maxAttempts: 1 }, calls, ([fact]) => {
      if (broken.includes(fact!.sequence_number)) throw new Error('a bug');
    });
    const { app } = await start(Items);
    await app.append('x', 'x', 'x', 'x');
    await app.shows('items', { parked: 3, position: 4n });
    broken = [2n];
    calls.length = 0;
    await app.projections.retryParked('items');
    await app.shows('items', { parked: 2, state: 'parked-some' });
    await app.append('x');
    await app.shows('items', { position: 5n });
    expect(calls).toEqual(['1/2', '2/2', '5/1']);
    expect(await app.projections.parked('items')).toMatchObject([
      { sequence_number: 2n, attempts: 2 },
      { sequence_number: 3n, attempts: 1 },
    ]);
    broken = [];
    await app.projections.retryParked('items');
    await app.shows('items', { parked: 0, state: 'live' });
    expect(calls.slice(3)).toEqual(['2/3', '3/2']);
  });

  it('stays paused over a restart after maxAttempts, and says why', async () => {
    const calls: string[] = [];
    let broken = true;
    const Items = projection({ maxAttempts: 1 }, calls, () => {
      if (broken) throw new Error('a bug');
    });
    const { app, options } = await start(Items);
    await app.append('x');
    const paused = { state: 'paused', reason: 'failed 1 times on fact 1: a bug' } as const;
    await app.shows('items', paused);
    expect(fixtures.log.of('error').at(-1)).toMatch(/is paused: failed 1 times on fact 1: a bug/);
    await app.app.close();

    const again = await TestApp.start(fixtures, options, Items);
    await again.shows('items', { ...paused, position: 0n });
    expect(await again.projections.interventions('items')).toMatchObject([
      { verb: 'pause', by: 'maxAttempts (1)' },
    ]);
    expect(calls).toEqual(['1/1']);
    broken = false;
    await again.projections.resume('items');
    await again.projections.waitFor('items', 1n);
    expect(calls).toEqual(['1/1', '1/1']);
  });

  it('a handler past its deadline: signal, stuck, never a success; a verb does not wait for it', async () => {
    const calls: string[] = [];
    const gate = new Gate();
    const signals: AbortSignal[] = [];
    const Items = projection({ timeout: 50 }, calls, async (_facts, { signal }) => {
      signals.push(signal);
      if (signals.length === 1) await gate.passed;
    });
    const { app } = await start(Items);
    await app.append('x');
    const status = await app.shows('items', { state: 'stuck' });
    expect(status.reason).toBe('the handler has not settled on fact 1 for 50 ms');
    expect(signals[0]!.aborted).toBe(true);
    await app.projections.pause('items');
    await app.projections.resume('items');
    expect(calls).toEqual(['1/1']);
    gate.open();
    await app.projections.waitFor('items', 1n);
    expect(calls).toEqual(['1/1', '1/1']);
  });

  it('a late success is a failed attempt', async () => {
    const calls: string[] = [];
    const gate = new Gate();
    const Items = projection({ timeout: 50 }, calls, async (_facts, { attempt }) => {
      if (attempt === 1) await gate.passed;
    });
    const { app } = await start(Items);
    await app.append('x');
    await app.shows('items', { state: 'stuck', position: 0n });
    gate.open();
    await app.projections.waitFor('items', 1n);
    expect(calls).toEqual(['1/1', '1/2']);
    expect((await app.shows('items', { state: 'live' })).lastError).toMatch(/longer than 50 ms/);
  });

  it('batches: many facts per call, a larger batch whole, in order, the cursor behind them', async () => {
    const calls: string[] = [];
    const types = { filters: [{ event_types: ['x'] }] };
    const Items = projection({ batch: { maxFacts: 3 } }, calls, undefined, types);
    const Nothing = projection({}, []);
    const { app, options } = await start(Nothing);
    await app.projections.pause('items');
    await app.append('x', 'y', 'x', 'x', 'x');
    await app.store.append(Array.from({ length: 5 }, () => ({ event_type: 'x', payload: {} })));
    await app.append('x', 'y');
    await app.app.close();

    const batched = await TestApp.start(fixtures, options, Items);
    expect((await batched.projections.status('items')).position).toBe(0n);
    await batched.projections.rebuild('items');
    await batched.projections.resume('items');
    await batched.projections.waitFor('items', 12n);
    expect(calls).toEqual(['1+3+4/1', '5/1', '6+7+8+9+10/1', '11/1']);
  });

  it('batches: at the head it waits for company, but no longer than maxWait', async () => {
    const calls: string[] = [];
    const maxWait = 300;
    const called: number[] = [];
    const Items = projection({ batch: { maxFacts: 3, maxWait } }, calls, () => {
      called.push(performance.now());
    });
    const { app } = await start(Items);
    await app.shows('items', { state: 'live' });
    const began = performance.now();
    await app.append('x', 'x');
    await app.projections.waitFor('items', 2n);
    expect(calls).toEqual(['1+2/1']);
    expect(called[0]! - began).toBeGreaterThanOrEqual(maxWait - 5);
  });

  it('batches: a full call does not wait for company', async () => {
    const calls: string[] = [];
    const { app } = await start(projection({ batch: { maxFacts: 3, maxWait: 60_000 } }, calls));
    await app.shows('items', { state: 'live' });
    await app.append('x', 'x', 'x');
    await app.projections.waitFor('items', 3n);
    expect(calls).toEqual(['1+2+3/1']);
  });

  it.each([
    ['now', [4]],
    [1n, [2, 3, 4]],
    ['beginning', [1, 2, 3, 4]],
  ] as const)('a new cursor starts from %s', async (startFrom, expected) => {
    const { app, options } = await start();
    await app.append('x', 'x', 'x');
    await app.app.close();
    const calls: string[] = [];
    const started = await TestApp.start(fixtures, options, projection({ startFrom }, calls));
    await started.shows('items', { state: 'live' });
    await started.append('x');
    await started.projections.waitFor('items', 4n);
    expect(calls).toEqual(expected.map((number) => `${number}/1`));
  });

  it('refuses a changed query, names the two ways out, and takes it by rebuild', async () => {
    const calls: string[] = [];
    const query = { filters: [{ event_types: ['x'] }] };
    const { app, options } = await start(projection({}, calls, undefined, query));
    await app.append('x', 'y');
    await app.projections.waitFor('items', 2n);
    await app.app.close();
    calls.length = 0;
    const changed = await TestApp.start(fixtures, options, projection({}, calls));
    const status = await changed.shows('items', { state: 'stopped' });
    expect(status).toMatchObject({ code: 'DURABLE_STREAM_QUERY_CHANGED', position: 2n });
    expect(status.reason).toMatch(/rebuild.*new version or name/);
    await changed.projections.rebuild('items');
    await until(
      () => calls.length === 2,
      () => 'both facts',
    );
    expect(calls).toEqual(['1/1', '2/1']);
  });
});
