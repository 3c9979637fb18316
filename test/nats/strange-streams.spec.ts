import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import type { FactstrError } from '../../lib/contract/errors.js';
import { encodeMessage } from '../../lib/nats/log/message.js';
import { FactstrNatsStore } from '../../lib/nats/store.js';
import { failureOf } from '../support/failure-of.js';
import { NatsCluster } from '../support/nats/server.js';
import { uniqueName } from '../support/postgres.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { until } from '../support/waiting/until.js';
import { RawStream } from './support/raw-stream.js';
import { bytesOf } from './support/stored-messages.js';

describeWith(nats, 'A stream that holds something else than it should', () => {
  let cluster: NatsCluster;
  let folder: string;
  let stream: string;
  let raw: RawStream;
  let stores: FactstrNatsStore[];
  let reported: FactstrError[];

  const note = (n: number): NewEvent[] => [{ event_type: 'noted', payload: { n } }];
  const opened = (view = 'memory'): FactstrNatsStore => {
    const store = new FactstrNatsStore({
      servers: cluster.urls,
      stream,
      view,
      replicas: 1,
      durability: 'replicated',
      appendTimeout: 10_000,
      onStreamError: (error) => reported.push(error),
    });
    stores.push(store);
    return store;
  };
  const codeOf = async (call: () => unknown): Promise<string | undefined> =>
    ((await failureOf(call)) as FactstrError | undefined)?.code;
  const isReported = (code: string): Promise<void> =>
    until(
      () => reported.some((error) => error.code === code),
      () => `${code}; reported were ${reported.map(String).join('; ')}`,
    );
  const lengthOf = async (store: FactstrNatsStore): Promise<number> =>
    (await store.query({})).event_records.length;

  beforeAll(async () => {
    cluster = await NatsCluster.start();
    folder = await mkdtemp(join(tmpdir(), 'factstr-strange-'));
  });

  beforeEach(async () => {
    stream = uniqueName('facts');
    [stores, reported] = [[], []];
    raw = await RawStream.open(cluster.urls, stream);
  });

  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await raw.close();
  });

  afterAll(async () => {
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('counts a message once that it holds twice, beyond the servers’ window of duplicates', async () => {
    const store = opened();
    await store.append(note(1));
    const bytes = bytesOf({ name: 'twice', at: 0, appends: [{ events: note(2) }] });
    // Without a name the servers cannot tell.
    await raw.client.publish(raw.subject, bytes);
    await raw.client.publish(raw.subject, bytes);
    await store.append(note(3));
    expect(await lengthOf(store)).toBe(3);
    expect((await raw.info()).state.messages).toBe(5);
    expect(await lengthOf(opened())).toBe(3);
  });

  it('is read up to a message of a later release, and not appended to', async () => {
    const store = opened();
    await store.append(note(1));
    const later = encodeMessage('later', []).toString().replace('"v":1', '"v":2');
    await raw.client.publish(raw.subject, later);
    await isReported('UNSUPPORTED_FORMAT');
    expect(await lengthOf(store)).toBe(1);
    expect(await codeOf(() => store.append(note(2)))).toBe('UNSUPPORTED_FORMAT');
    expect(await codeOf(() => opened().connect())).toBe('UNSUPPORTED_FORMAT');
  });

  it('is read up to a message that this package did not write, and not appended to', async () => {
    const store = opened();
    await store.append(note(1));
    await raw.client.publish(raw.subject, JSON.stringify({ order: 1 }));
    await isReported('DAMAGED_LOG');
    expect(await lengthOf(store)).toBe(1);
    expect(await codeOf(() => store.append(note(2)))).toBe('DAMAGED_LOG');
    expect(await codeOf(() => opened().connect())).toBe('DAMAGED_LOG');
  });

  it('is noticed when it was made anew under a running store, and followed by a new one', async () => {
    const path = join(folder, `${stream}.sqlite`);
    const store = opened(path);
    for (let n = 1; n <= 3; n++) await store.append(note(n));
    await raw.manager.streams.delete(stream);
    const other = opened();
    await other.append(note(10));
    await isReported('CACHE_FOREIGN');
    expect(await codeOf(() => store.append(note(4)))).toBe('CACHE_FOREIGN');
    // Nothing of it came into the new one, and what was there is still read.
    expect(await lengthOf(store)).toBe(3);
    await other.append(note(11));
    expect(await lengthOf(other)).toBe(2);
    await store.close();
    // Opened again, the view is the new stream's.
    expect(await lengthOf(opened(path))).toBe(2);
  });

  it('is noticed when it was restored from an older copy', async () => {
    const path = join(folder, `${stream}.sqlite`);
    const [store, closed] = [opened(), opened(path)];
    await store.append(note(1));
    const [server] = cluster.servers;
    const copy = join(folder, 'copy');
    await server!.kill('SIGTERM');
    await cp(server!.folder, copy, { recursive: true });
    server!.start();
    await server!.ready();
    for (let n = 2; n <= 5; n++) await store.append(note(n));
    await closed.queryPage({}, { read: 'barrier' });
    await closed.close();
    await server!.kill('SIGTERM');
    await rm(server!.folder, { recursive: true });
    await cp(copy, server!.folder, { recursive: true });
    server!.start();
    await server!.ready();
    await isReported('CACHE_AHEAD');
    expect(await codeOf(() => store.append(note(6)))).toBe('CACHE_AHEAD');
    expect(await lengthOf(store)).toBe(5);
    expect(await codeOf(() => opened(path).connect())).toBe('CACHE_AHEAD');
    // Without what it remembers a process goes on with the stream as it is.
    const fresh = opened();
    await fresh.append(note(7));
    expect(await lengthOf(fresh)).toBe(2);
  });
});
