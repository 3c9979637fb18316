import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection, WaitTimeoutError } from 'nestjs-factstr';
import type { EventRecord, FactstrOptions, WaitForOptions } from 'nestjs-factstr';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';
import { TestApp } from '../../support/fixtures/two-apps.js';
import { Gate } from '../../support/inbox/inbox.js';
import { settle, until } from '../../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** Far beyond what a test takes. */
const LONG = { timeout: 60_000 };
/** It is looked once, and then once more. */
const SHORT = { timeout: 1 };

/** An application with a projection of the facts `x` and `poison`, whose handler goes on as the test says. */
async function start(options: FactstrOptions, onFailure: 'park' | 'pause' = 'pause') {
  const handled: bigint[] = [];
  const world = { gate: undefined as Gate | undefined };
  class Items {
    @DurableProjection({
      name: 'items',
      query: { filters: [{ event_types: ['x', 'poison'] }] },
      maxAttempts: 1,
      onFailure,
    })
    async project(facts: EventRecord[]) {
      await world.gate?.passed;
      if (facts[0]!.event_type === 'poison') throw new Error('a bug');
      handled.push(facts.at(-1)!.sequence_number);
    }
  }
  const app = await TestApp.start(fixtures, options, Items);
  // Before the application is closed, which waits for the handler.
  fixtures.later(() => world.gate?.open());
  await app.shows('items', { state: 'live' });
  const { projections } = app;
  /** Waits for a fact, and tells when it is over. */
  const waiting = (sequence: bigint, timing: WaitForOptions = LONG) => {
    const wait = { over: false, done: projections.waitFor('items', sequence, timing) };
    void wait.done.then(
      () => (wait.over = true),
      () => (wait.over = true),
    );
    return wait;
  };
  /** The next call of the handler waits at it. */
  const hold = (): Gate => (world.gate = new Gate());
  return { app, projections, handled, waiting, hold };
}

/** Lets a wait look a few times. */
async function looks(): Promise<void> {
  const began = performance.now();
  await until(
    () => performance.now() - began > 20,
    () => 'time to pass',
  );
}

const stores: [string, () => Promise<FactstrOptions>][] = [
  ['memory', () => optionsOf('memory', fixtures)],
  ['sqlite', () => optionsOf('sqlite', fixtures)],
  ['a custom store', async () => ({ provider: 'custom', store: synchronousStore().store })],
];

describe.each(stores)('waitFor on %s', (name, makeOptions) => {
  const isDatabase = name === 'sqlite';

  it('resolves where the fact has been passed, though no time is given and the projection is paused', async () => {
    const { app, projections, handled } = await start(await makeOptions());
    await app.append('x', 'x');
    await projections.waitFor('items', 2n, LONG);
    expect(handled.at(-1)).toBe(2n);
    await projections.pause('items');
    for (const sequence of [0n, 1n, 2n])
      await projections.waitFor('items', sequence, { timeout: 0 });
    await expect(projections.waitFor('items', 3n, SHORT)).rejects.toBeInstanceOf(WaitTimeoutError);
  });

  it('resolves once the fact has been handled, not before; each wait by itself', async () => {
    const { app, projections, handled, waiting, hold } = await start(await makeOptions());
    // Of facts that are not there yet.
    const waits = [1n, 2n].map((sequence) => waiting(sequence));
    const gate = hold();
    await app.append('x');
    await looks();
    expect(waits.map(({ over }) => over)).toEqual([false, false]);
    gate.open();
    await waits[0]!.done;
    expect(handled).toEqual([1n]);
    expect((await projections.status('items')).position).toBe(1n);
    await looks();
    expect(waits[1]!.over).toBe(false);
    await app.append('x');
    await waits[1]!.done;
    expect(handled).toEqual([1n, 2n]);
  });

  it('names what is late, and how it is', async () => {
    const { app, projections, hold } = await start(await makeOptions());
    await app.append('x');
    await projections.waitFor('items', 1n, LONG);
    hold();
    await app.append('x');
    await expect(projections.waitFor('items', 2n, SHORT)).rejects.toMatchObject({
      code: 'WAIT_TIMEOUT',
      message: 'Projection "items" has not reached fact 2 after 1 ms: it is live at 1.',
    });
  });

  it('says of a projection that its own handler’s failure has paused why it is late', async () => {
    const { app, projections, handled } = await start(await makeOptions());
    await app.append('x', 'poison', 'x');
    await app.shows('items', { state: 'paused' });
    await projections.waitFor('items', 1n, LONG);
    await expect(projections.waitFor('items', 2n, SHORT)).rejects.toThrow(
      'has not reached fact 2 after 1 ms: it is paused at 1 (failed 1 times on fact 2: a bug).',
    );
    expect(handled).toEqual([1n]);
  });

  it('goes on through a pause: it is over when the projection is resumed', async () => {
    const { app, projections, waiting, handled } = await start(await makeOptions());
    await projections.pause('items');
    await app.append('x');
    const wait = waiting(1n);
    await looks();
    expect(wait.over).toBe(false);
    await projections.resume('items');
    await wait.done;
    expect(handled).toEqual([1n]);
  });

  it('is refused at once for a projection, a version or a store that there is not', async () => {
    const { projections } = await start(await makeOptions());
    const unknown = [
      projections.waitFor('others', 1n, LONG),
      projections.waitFor('items', 1n, { ...LONG, version: 2 }),
      projections.waitFor('items', 1n, { ...LONG, store: 'other' }),
    ];
    for (const refused of unknown) {
      await expect(refused).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(
          /^No projection "(others|items)".* \(registered: "items"\)\.$/,
        ),
      });
    }
  });

  it('ends with the application, long before its time', async () => {
    const { app, projections, waiting } = await start(await makeOptions());
    await app.append('x');
    await projections.waitFor('items', 1n, LONG);
    const wait = waiting(2n);
    await settle();
    await app.app.close();
    const refused = {
      code: 'STORE_CLOSED',
      message: isDatabase
        ? 'The store is closed.'
        : 'The application has ended: fact 2 is not reached any more. Wait for it in an application that runs.',
    };
    await expect(wait.done).rejects.toMatchObject(refused);
    await expect(projections.waitFor('items', 2n, LONG)).rejects.toMatchObject(refused);
    // What was reached stays so, where it can be read.
    if (!isDatabase) expect(await projections.waitFor('items', 1n, LONG)).toBe(1n);
  });

  it('resolves with the position that was reached', async () => {
    const { app, projections, hold } = await start(await makeOptions());
    const gate = hold();
    await app.append('x');
    await app.append('x');
    const wait = projections.waitFor('items', 1n, LONG);
    gate.open();
    expect([1n, 2n]).toContain(await wait);
    expect(await projections.waitFor('items', 2n, LONG)).toBe(2n);
    expect(await projections.waitFor('items', 0n, LONG)).toBe(2n);
  });

  it('ends with the signal’s reason', async () => {
    const { app, projections, hold } = await start(await makeOptions());
    const reason = new Error('The client has gone.');
    hold();
    await app.append('x');
    const controller = new AbortController();
    const wait = projections.waitFor('items', 1n, { ...LONG, signal: controller.signal });
    await settle();
    controller.abort(reason);
    await expect(wait).rejects.toBe(reason);
    await expect(
      projections.waitFor('items', 0n, { ...LONG, signal: controller.signal }),
    ).rejects.toBe(reason);
    const signal = 'now' as never;
    await expect(projections.waitFor('items', 1n, { signal })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: 'The option signal is "now"; expected an AbortSignal.',
    });
  });

  if (name === 'a custom store') return;

  it('counts a fact as reached that was parked, or is not the projection’s', async () => {
    const { app, projections, handled } = await start(await makeOptions(), 'park');
    await app.append('poison');
    await projections.waitFor('items', 1n, LONG);
    expect(await projections.parked('items')).toMatchObject([{ sequence_number: 1n }]);
    await app.append('y');
    await projections.waitFor('items', 2n, LONG);
    expect(handled).toEqual([]);
  });
});

it.each(['sqlite', 'postgres'] as const)(
  'waitFor ends with the store, also where that is closed before the application, on %s',
  async (provider) => {
    const { app, projections, handled, waiting } = await start(await optionsOf(provider, fixtures));
    const wait = waiting(2n);
    await app.append('x');
    await projections.waitFor('items', 1n, LONG);
    expect([handled, wait.over]).toEqual([[1n], false]);
    await app.store.close();
    await expect(wait.done).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  },
);
