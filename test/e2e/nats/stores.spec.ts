import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { FactstrModule, FactstrStore, OnFacts, getFactstrStoreToken } from 'nestjs-factstr';
import type { EventRecord, FactstrNatsOptions } from 'nestjs-factstr';
import { Fixtures, natsOptions } from '../../support/fixtures/applications.js';
import { freePorts } from '../../support/free-ports.js';
import { Inbox } from '../../support/inbox/inbox.js';
import { NatsCluster } from '../../support/nats/server.js';
import { describeWith } from '../../support/servers/describe-with.js';
import { nats } from '../../support/servers/servers.js';
import { until } from '../../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const x = (n: number) => ({ event_type: 'x', payload: { n } });

class Heard {
  readonly inbox = new Inbox();

  @OnFacts('x')
  hear(facts: EventRecord[]) {
    this.inbox.handle(facts);
  }
}

describeWith(nats, 'An application with its log on NATS', () => {
  let options: FactstrNatsOptions;
  beforeEach(async () => {
    options = await natsOptions();
  });

  it('has it by forRoot, by forRootAsync and by name, each its own log', async () => {
    const [second, third] = [await natsOptions(), await natsOptions()];
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRoot(options),
        FactstrModule.forRootAsync({ name: 'second', useFactory: async () => second }),
        FactstrModule.forRoot({ ...third, name: 'third' }),
      ],
    });
    const stores = ['', 'second', 'third'].map((name) =>
      name === '' ? app.get(FactstrStore) : app.get<FactstrStore>(getFactstrStoreToken(name)),
    );
    for (const [place, store] of stores.entries()) {
      for (let n = 0; n <= place; n++) await store.append([x(n)]);
    }
    expect(await Promise.all(stores.map((store) => store.head()))).toEqual([1n, 2n, 3n]);
  });

  it('decides, also against another process, and reads what that one appended by a barrier', async () => {
    const [one, other] = await Promise.all([
      fixtures.start(options),
      fixtures.start({ ...options, read: 'barrier' }),
    ]);
    const [here, there] = [one.get(FactstrStore), other.get(FactstrStore)];
    const seats = { filters: [{ event_types: ['seat'] }] };
    const take = (store: FactstrStore) =>
      store.decide(seats, ({ event_records: { length: place } }) =>
        place >= 5 ? [] : [{ event_type: 'seat', payload: { place } }],
      );
    await Promise.all(Array.from({ length: 10 }, (_none, n) => take(n % 2 === 0 ? here : there)));
    const { event_records } = await here.query(seats, { read: 'barrier' });
    expect(event_records.map(({ payload }) => (payload as { place: number }).place)).toEqual([
      0, 1, 2, 3, 4,
    ]);
    for (let n = 0; n < 20; n++) {
      const { last_sequence_number } = await here.append([x(n)]);
      expect((await there.query({})).current_context_version).toBe(last_sequence_number);
    }
    const { last_sequence_number } = await there.append([x(20)]);
    const exact = await here.query({}, { read: 'barrier' });
    expect(exact.current_context_version).toBe(last_sequence_number);
  });

  it('repeats an append by its id, and refuses to be a part of a transaction', async () => {
    const store = (await fixtures.start(options)).get(FactstrStore);
    const first = await store.append([x(1)], { appendId: 'order-1' });
    expect(await store.append([x(1)], { appendId: 'order-1' })).toEqual(first);
    const inside = store.append([x(2)], { manager: { query: async () => [] } });
    await expect(inside).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/manager is for provider "postgres"/),
    });
    expect(await store.head()).toBe(1n);
  });

  it('hears of facts in every process', async () => {
    const [one, other] = await Promise.all([
      fixtures.start(options, Heard),
      fixtures.start(options, Heard),
    ]);
    await one.get(FactstrStore).append([x(1), x(2)]);
    await other.get(FactstrStore).append([x(3)]);
    for (const app of [one, other]) {
      await app.get(Heard).inbox.holds(1, 2, 3);
      expect(app.get(Heard).inbox.flat).toEqual([1, 2, 3]);
    }
  });

  it('closes with appends in flight: each is in the log, or told that it is not', async () => {
    const app = await fixtures.start(options);
    const store = app.get(FactstrStore);
    await store.append([x(0)]);
    const appends = Array.from({ length: 2_000 }, (_none, n) => store.append([x(n)]));
    const settled = Promise.allSettled(appends);
    await app.close();
    const results = await settled;
    const kept = results.filter(({ status }) => status === 'fulfilled').length;
    for (const result of results) {
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'STORE_CLOSED' });
    }
    expect(kept).toBeGreaterThan(0);
    const again = (await fixtures.start(options)).get(FactstrStore);
    expect(await again.head()).toBe(BigInt(kept + 1));
  });
});

describeWith(nats, 'An application whose NATS servers are away', () => {
  it('tries again, then fails with the address', async () => {
    const [port] = await freePorts(1);
    const servers = `nats://user:secret@127.0.0.1:${port}`;
    const opening = fixtures.start({
      provider: 'nats',
      servers,
      stream: 'facts',
      durability: 'replicated',
      retryAttempts: 2,
      retryDelay: 10,
    });
    await expect(opening).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    expect(fixtures.log.of('warn')).toHaveLength(2);
    expect(JSON.stringify(fixtures.log.lines)).not.toContain('secret');
  });

  it('starts when they come', async () => {
    const cluster = await NatsCluster.start();
    fixtures.later(() => cluster.stop());
    const [server] = cluster.servers;
    await server!.kill();
    const opening = fixtures.start({
      provider: 'nats',
      servers: cluster.urls,
      stream: 'facts',
      replicas: 1,
      durability: 'replicated',
      retryAttempts: 1_000,
      retryDelay: 50,
    });
    await until(
      () => fixtures.log.of('warn').length > 0,
      () => 'an attempt that failed',
    );
    server!.start();
    const store = (await opening).get(FactstrStore);
    expect((await store.append([x(1)])).last_sequence_number).toBe(1n);
  });
});
