import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { FactstrNatsStore } from '../../lib/nats/store.js';
import { NatsCluster } from '../support/nats/server.js';
import type { NatsServer } from '../support/nats/server.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { until } from '../support/waiting/until.js';
import { RawStream } from './support/raw-stream.js';

const FACTS = 40;

type Damage = 'a flipped bit' | 'a truncated block' | 'a lost block';

/** The stream's blocks of messages in a server's folder. */
async function blocksOf({ folder }: NatsServer): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  return files
    .filter((file) => file.includes('/streams/facts/msgs/') && file.endsWith('.blk'))
    .map((file) => join(folder, file));
}

async function damage(server: NatsServer, how: Damage): Promise<void> {
  const blocks = await blocksOf(server);
  expect(blocks).not.toHaveLength(0);
  for (const block of blocks) {
    const bytes = await readFile(block);
    if (how === 'a lost block') await rm(block);
    else if (how === 'a truncated block') {
      await writeFile(block, bytes.subarray(0, bytes.length >> 1));
    } else {
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(block, bytes);
    }
    // What else it knows of its messages it makes from the blocks.
    await rm(join(block, '..', 'index.db'), { force: true });
  }
}

describeWith(nats, 'A replica that is damaged', () => {
  let cluster: NatsCluster | undefined;
  let raw: RawStream | undefined;
  let stores: FactstrNatsStore[];

  const opened = (): FactstrNatsStore => {
    const store = new FactstrNatsStore({
      servers: cluster!.urls,
      stream: 'facts',
      replicas: cluster!.servers.length,
      durability: 'replicated',
      // An append that is under way when the damage is found waits for so long.
      appendTimeout: 5_000,
      onStreamError: () => undefined,
    });
    stores.push(store);
    return store;
  };

  beforeEach(() => {
    stores = [];
  });

  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await raw?.close();
    await cluster?.stop();
    [raw, cluster] = [undefined, undefined];
  });

  async function filled(servers: number): Promise<FactstrNatsStore> {
    cluster = await NatsCluster.start({ servers });
    const store = opened();
    for (let n = 1; n <= FACTS; n++) {
      await store.append([{ event_type: 'noted', payload: { n, text: 'x'.repeat(200) } }]);
    }
    raw = await RawStream.open(cluster.urls, 'facts');
    return store;
  }

  /** Every fact, or the error that says that some are gone: never fewer without a word. */
  async function readWhole(store: FactstrNatsStore): Promise<'whole' | 'refused'> {
    let found: number;
    try {
      found = (await store.query({})).event_records.length;
    } catch (error) {
      expect((error as { code: string }).code).toMatch(/^(DAMAGED_LOG|FOREIGN_DATABASE)$/);
      return 'refused';
    }
    expect(found).toBe(FACTS);
    return 'whole';
  }

  it.each<Damage>(['a flipped bit', 'a truncated block', 'a lost block'])(
    'leads with %s: the servers mend it, or it is refused, and nothing is missing without a word',
    async (how) => {
      await filled(3);
      const leader = await raw!.leader();
      const server = cluster!.servers.find(({ name }) => name !== leader)!;
      await raw!.replicated();
      await server.kill('SIGTERM');
      await damage(server, how);
      server.start();
      await server.ready();
      await until(
        async () => {
          if ((await raw!.leader()) === server.name) return true;
          await raw!.stepDown().catch(() => undefined);
          return false;
        },
        () => `${server.name} to lead`,
      );
      await readWhole(opened());
    },
  );

  it.each<Damage>(['a flipped bit', 'a truncated block'])(
    'is the only one, with %s: refused, and not appended to by a store that knows more',
    async (how) => {
      const store = await filled(1);
      const [server] = cluster!.servers;
      await server!.kill('SIGTERM');
      await damage(server!, how);
      server!.start();
      await server!.ready();
      const code = async (call: () => Promise<unknown>): Promise<string> =>
        call().then(
          () => 'none',
          (error: { code: string }) => error.code,
        );
      let told = '';
      await until(
        async () => {
          told = await code(() => store.append([{ event_type: 'more', payload: {} }]));
          return /^(DAMAGED_LOG|CACHE_AHEAD|CACHE_FOREIGN)$/.test(told);
        },
        () => `the damage to be told; the append came to ${told}`,
      );
      expect((await store.query({})).event_records).toHaveLength(FACTS);
    },
  );
});
