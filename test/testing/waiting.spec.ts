import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type { EventRecord, FactstrOptions } from 'nestjs-factstr';
import { drained, settled } from 'nestjs-factstr/testing';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import type { ProviderName } from '../support/fixtures/applications.js';
import { synchronousStore } from '../support/fixtures/hand-written-stores.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle, until } from '../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(async () => {
  jest.useRealTimers();
  await fixtures.clean();
});

/** Far beyond what a test takes. */
const LONG = { timeout: 15_000 };

const stores: [string, () => Promise<FactstrOptions>][] = [
  ['memory', () => optionsOf('memory', fixtures)],
  ['sqlite', () => optionsOf('sqlite', fixtures)],
  ['postgres', () => optionsOf('postgres', fixtures)],
  ['a custom store', async () => ({ provider: 'custom', store: synchronousStore().store })],
];

const noted = (n: number) => ({ event_type: 'noted', payload: { n } });

/** Counts the facts of each projection; a handler waits at its gate, where the test has put one. */
class Counts {
  readonly seen: Record<string, number> = { fast: 0, slow: 0 };
  gate: Gate | undefined;

  @DurableProjection({ name: 'fast', query: { filters: [{ event_types: ['noted'] }] } })
  fast(facts: EventRecord[]) {
    this.seen['fast']! += facts.length;
  }

  @DurableProjection({
    name: 'slow',
    query: { filters: [{ event_types: ['noted'] }] },
    maxAttempts: 1,
  })
  async slow(facts: EventRecord[]) {
    await this.gate?.passed;
    if ((facts[0]!.payload as { n: number }).n < 0) throw new Error('a bug');
    this.seen['slow']! += facts.length;
  }
}

async function start(options: FactstrOptions): Promise<{ app: TestingModule; counts: Counts }> {
  const app = await fixtures.start(options, Counts);
  const counts = app.get(Counts);
  // Before the application is closed, which waits for the handler.
  fixtures.later(() => counts.gate?.open());
  return { app, counts };
}

describe.each(stores)('drained, on %s', (name, makeOptions) => {
  it('resolves when every projection has handled what was there at the call', async () => {
    const { app, counts } = await start(await makeOptions());
    const store = app.get(FactstrStore);
    for (let n = 0; n < 20; n++) await store.append([noted(n)]);
    await drained(app, LONG);
    expect(counts.seen).toEqual({ fast: 20, slow: 20 });
  });

  it('does not wait for what is appended after the call', async () => {
    const { app, counts } = await start(await makeOptions());
    const store = app.get(FactstrStore);
    await store.append([noted(0)]);
    await drained(app, LONG);
    counts.gate = new Gate();
    const waiting = drained(app, LONG);
    await waiting;
    await store.append([noted(1)]);
    const second = drained(app, LONG);
    let isOver = false;
    void second.then(() => (isOver = true));
    await until(
      () => counts.seen['fast'] === 2,
      () => 'the fast one',
    );
    await settle();
    expect(isOver).toBe(false);
    await drained(app, { ...LONG, names: 'fast' });
    await store.append([noted(-1)]);
    counts.gate.open();
    await second;
    expect(counts.seen['slow']).toBe(2);
  });

  it('names each laggard with cursor, head, state and last error', async () => {
    const { app } = await start(await makeOptions());
    await app.get(FactstrStore).append([noted(0)]);
    await drained(app, LONG);
    await app.get(FactstrStore).append([noted(-1)]);
    await drained(app, { ...LONG, names: ['fast'] });
    await until(
      async () => (await app.get(FactstrProjections).status('slow')).state === 'paused',
      () => 'the pause',
    );
    await expect(drained(app, { timeout: 5 })).rejects.toMatchObject({
      code: 'WAIT_TIMEOUT',
      message:
        'Not at the head after 5 ms:\n' +
        '- projection "slow" of store "default" (Counts.slow) is paused at 1 of 2: failed 1 times on fact 2: a bug',
    });
  });

  it('refuses a name that is not registered, and options that it does not have', async () => {
    const { app } = await start(await makeOptions());
    for (const names of ['other', ['fast', 'other'], [], '', 5]) {
      await expect(drained(app, { names: names as string })).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
      });
    }
    await expect(drained(app, { name: 'fast' } as object)).rejects.toThrow('it has timeout, names');
  });

  if (name !== 'a custom store') return;

  it('waits also where nothing was delivered since the start, and finds that there is nothing', async () => {
    const { store } = synchronousStore();
    const first = await start({ provider: 'custom', store });
    await first.app.get(FactstrStore).append([noted(0), { event_type: 'else', payload: 0 }]);
    await drained(first.app, LONG);
    await first.app.close();
    const second = await start({ provider: 'custom', store });
    await drained(second.app, LONG);
    expect(second.counts.seen['fast']).toBe(0);
  });
});

/** A fact of one kind is answered with one of the next, by a durable handler and a live one in turn. */
@Injectable()
class Reactions {
  readonly after: Gate[] = [];

  constructor(readonly store: FactstrStore) {}

  @DurableProjection({ name: 'even', query: { filters: [{ event_types: ['even'] }] } })
  async even(facts: EventRecord[]) {
    await settle();
    const n = facts[0]!.payload as number;
    if (n > 0) await this.store.append([{ event_type: 'odd', payload: n - 1 }]);
  }

  @OnFacts({ filters: [{ event_types: ['odd'] }] })
  async odd(facts: EventRecord[]) {
    await settle();
    const n = facts[0]!.payload as number;
    if (n > 0) await this.store.append([{ event_type: 'even', payload: n - 1 }]);
  }

  @OnFacts({ filters: [{ event_types: ['endless'] }] })
  async endless() {
    await this.store.append([{ event_type: 'endless', payload: null }]);
  }

  @OnFacts({ filters: [{ event_types: ['held'] }] })
  async held() {
    await this.after[0]?.passed;
  }
}

describe.each(stores)('settled, on %s', (name, makeOptions) => {
  async function startReactions() {
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(await makeOptions())],
      providers: [Reactions],
    });
    const reactions = app.get(Reactions);
    fixtures.later(() => reactions.after.forEach((gate) => gate.open()));
    return { app, reactions, store: app.get(FactstrStore) };
  }

  it('resolves when what follows from a fact has followed, through live and durable handlers', async () => {
    const { app, store } = await startReactions();
    await settled(app, LONG);
    await store.append([{ event_type: 'even', payload: 12 }]);
    await settled(app, LONG);
    expect((await store.query({})).event_records).toHaveLength(13);
  });

  // Of a store with the contract only it is not known what it still has to deliver.
  if (name === 'a custom store') return;

  it('says that facts keep coming', async () => {
    const { app, store } = await startReactions();
    await store.append([{ event_type: 'endless', payload: null }]);
    await expect(settled(app, { timeout: 100 })).rejects.toMatchObject({
      code: 'WAIT_TIMEOUT',
      message: expect.stringMatching(/^Not at rest after 100 ms/),
    });
    await app.close();
  });

  it('names a live handler that has not settled', async () => {
    const { app, reactions, store } = await startReactions();
    reactions.after.push(new Gate());
    await store.append([{ event_type: 'held', payload: null }]);
    await expect(settled(app, { timeout: 50 })).rejects.toThrow(
      'Not at rest after 50 ms:\n- live handler Reactions.held of store "default" is at 0 of 1',
    );
    reactions.after[0]!.open();
    await settled(app, LONG);
  });
});

// On Postgres the driver needs nextTick.
const faked: [ProviderName, 'nextTick'[]][] = [
  ['memory', []],
  ['sqlite', []],
  ['postgres', ['nextTick']],
];

describe.each(faked)('With Jest’s timers faked, on %s', (provider, doNotFake) => {
  it('what was appended is drained and settled', async () => {
    const { app, counts } = await start(await optionsOf(provider, fixtures));
    await app.get(FactstrStore).append([noted(0)]);
    await drained(app, LONG);
    jest.useFakeTimers({ doNotFake });
    await app.get(FactstrStore).append([noted(1)]);
    await drained(app, LONG);
    await settled(app, LONG);
    expect(counts.seen).toEqual({ fast: 2, slow: 2 });
    counts.gate = new Gate();
    await app.get(FactstrStore).append([noted(2)]);
    await expect(drained(app, { timeout: 20 })).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' });
    counts.gate.open();
    jest.useRealTimers();
    await app.close();
  });
});
