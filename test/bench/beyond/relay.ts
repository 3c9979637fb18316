import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FactstrSqliteStore } from '../../../lib/index.js';
import { TestProcess } from '../../support/child-process.js';
import { KafkaServer } from '../../support/kafka/server.js';
import { NatsCluster } from '../../support/nats/server.js';
import type { NatsSettings } from '../../support/nats/server.js';
import { RabbitMqServer } from '../../support/rabbitmq/server.js';
import { kafka, rabbitMq } from '../../support/servers/servers.js';
import type { RelayPlace } from './relayer.js';
import type { Results } from './results.js';

/** A target that can be measured, with its servers. */
interface Started {
  readonly place: RelayPlace;
  stop(): Promise<void>;
}

interface Measured {
  readonly row: string;
  readonly isThere: () => boolean;
  readonly start: () => Promise<Started>;
}

const TARGETS: readonly Measured[] = [
  natsRow('NATS, one server', { servers: 1, sync: '2m' }),
  natsRow('NATS, three replicas', { servers: 3, sync: '2m' }),
  natsRow('NATS, one server, sync_interval: always', { servers: 1, sync: 'always' }),
  {
    row: 'Kafka, one broker, a transaction each batch',
    isThere: () => kafka.isThere(),
    start: async () => {
      const server = await KafkaServer.start();
      const create = { partitions: 1, replicas: 1 };
      return {
        place: { kind: 'kafka', options: { brokers: [server.broker], topic: 'facts', create } },
        stop: () => server.stop(),
      };
    },
  },
  rabbitMqRow('RabbitMQ, a classic queue', 'classic'),
  rabbitMqRow('RabbitMQ, a quorum queue of one node', 'quorum'),
];

function natsRow(row: string, settings: NatsSettings): Measured {
  return {
    row,
    isThere: () => true,
    start: async () => {
      const cluster = await NatsCluster.start(settings);
      const create = { subjects: ['facts.>'], replicas: settings.servers ?? 1 };
      return {
        place: {
          kind: 'nats',
          options: { servers: cluster.urls, stream: 'FACTS', subject: 'facts.all', create },
        },
        stop: () => cluster.stop(),
      };
    },
  };
}

function rabbitMqRow(row: string, type: 'classic' | 'quorum'): Measured {
  return {
    row,
    isThere: () => rabbitMq.isThere(),
    start: async () => {
      const server = await RabbitMqServer.start();
      return {
        place: {
          kind: 'rabbitmq',
          options: { url: server.url, queue: 'facts', create: { type } },
        },
        stop: () => server.stop(),
      };
    },
  };
}

/** Relays a log of so many facts to each kind of target that can be had; tells those that cannot. */
export async function measureRelay(
  results: Results,
  facts: number,
  rounds: number,
  folder: string,
): Promise<string[]> {
  const log = join(folder, 'relayed.sqlite');
  const head = await seed(log, facts);
  const missing: string[] = [];
  for (const { row, isThere, start } of TARGETS) {
    if (!isThere()) {
      missing.push(row);
      continue;
    }
    for (let round = 0; round < rounds; round++) {
      const started = await start();
      // The relay's cursor is in the store: each run begins without one.
      const path = join(folder, `relaying-${round}.sqlite`);
      copyFileSync(log, path);
      const relayer = new TestProcess(new URL('./relayer.ts', import.meta.url), {
        path,
        head,
        place: started.place,
      });
      try {
        const took = await relayer.next<number>();
        results.note(row, 'facts per second', (facts / took) * 1_000);
      } finally {
        await relayer.kill('SIGTERM');
        await started.stop();
        for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
      }
    }
  }
  return missing;
}

/** A log of appends of 20 facts, of which each has some 150 bytes. */
async function seed(path: string, facts: number): Promise<bigint> {
  const store = new FactstrSqliteStore(path);
  let head = 0n;
  for (let n = 0; n < facts; n += 20) {
    head = store.append(
      Array.from({ length: Math.min(20, facts - n) }, (_, index) => ({
        event_type: index % 3 === 0 ? 'order-placed' : 'order-paid',
        payload: { order: `order-${n + index}`, amount: n % 1_000, text: 'x'.repeat(80) },
      })),
    ).last_sequence_number;
  }
  await store.close();
  return head;
}
