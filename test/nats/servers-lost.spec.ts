import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FactstrNatsStore } from '../../lib/nats/store.js';
import { FactstrError } from '../../lib/contract/errors.js';
import { failureOf } from '../support/failure-of.js';
import { NatsCluster } from '../support/nats/server.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { until } from '../support/waiting/until.js';
import { RawStream } from './support/raw-stream.js';

const note = (n: number) => [{ event_type: 'noted', payload: { n } }];

describeWith(nats, 'Two of three servers gone', () => {
  let cluster: NatsCluster;
  let raw: RawStream;
  const stores: FactstrNatsStore[] = [];

  const open = async (appendTimeout: number): Promise<FactstrNatsStore> => {
    const store = new FactstrNatsStore({
      servers: cluster.urls,
      stream: 'facts',
      durability: 'replicated',
      appendTimeout,
      onStreamError: () => undefined,
    });
    stores.push(store);
    await store.connect();
    return store;
  };

  const codeOf = async (call: () => unknown): Promise<string | undefined> => {
    const failure = await failureOf(call);
    return failure instanceof FactstrError ? failure.code : failure?.message;
  };

  beforeAll(async () => {
    cluster = await NatsCluster.start({ servers: 3 });
    await open(90_000);
    raw = await RawStream.open(cluster.urls, 'facts');
  });

  afterAll(async () => {
    await raw?.close();
    await Promise.all(stores.map((store) => store.close()));
    await cluster?.stop();
  });

  it('lets appends wait, answers queries meanwhile, and goes on when they return', async () => {
    const [patient] = stores;
    const hasty = await open(2_000);
    const first = await patient!.append(note(0), { appendId: 'note-0' });
    expect(first.last_sequence_number).toBe(1n);
    await until(
      async () => (await hasty.query({})).event_records.length === 1,
      () => 'the other view to have the fact',
    );
    const leader = await raw.leader();
    const gone = cluster.servers.filter(({ name }) => name !== leader);
    await Promise.all(gone.map((server) => server.kill()));
    const waits = patient!.append(note(1));
    // Where the test fails before it comes to that.
    waits.catch(() => undefined);
    const failed = await codeOf(() => hasty.append(note(2), { appendId: 'note-2' }));
    // The leader takes messages until it knows that it is alone: then nothing is published at all.
    expect(['INDETERMINATE_APPEND', 'DATABASE_UNAVAILABLE']).toContain(failed);
    await until(
      async () =>
        (await codeOf(() => hasty.append(note(3), { appendId: 'note-3' }))) ===
        'DATABASE_UNAVAILABLE',
      () => 'appends to be refused without being published',
    );
    // A question for the end of the log is no append.
    const asked = await codeOf(() => hasty.queryPage({}, { read: 'barrier' }));
    expect(asked).toBe('DATABASE_UNAVAILABLE');
    // A conflict that the view can tell for good needs no server, nor does an id that it knows.
    expect((await hasty.appendIf(note(4), {}, null)).conflict).toEqual({
      expected_context_version: null,
      actual_context_version: 1n,
    });
    expect(await hasty.append(note(0), { appendId: 'note-0' })).toEqual(first);
    expect((await hasty.query({})).event_records).toHaveLength(1);
    for (const server of gone) server.start();
    await waits;
    await hasty.append(note(3), { appendId: 'note-3' });
    const settled = await hasty.append(note(2), { appendId: 'note-2' });
    expect(settled.committed_count).toBe(1n);
    const facts = (await hasty.queryPage({}, { read: 'barrier' })).event_records;
    const numbers = facts.map(({ payload }) => (payload as { n: number }).n);
    // Each once, whatever was told of it before.
    expect(numbers.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    expect(facts.map((fact) => fact.sequence_number)).toEqual([1n, 2n, 3n, 4n]);
  });
});
