import type { EventRecord, FactstrOptions } from 'nestjs-factstr';
import type { CloudEvent } from 'nestjs-factstr/relay';
import type { FactstrPostgresStore, FactstrSqliteStore } from 'nestjs-factstr';
import { Random } from '../../support/random.js';
import { TestProcess } from '../../support/child-process.js';
import { NatsCluster } from '../../support/nats/server.js';
import type { NatsServer } from '../../support/nats/server.js';
import { until } from '../../support/waiting/until.js';
import type { RelayerTask } from '../processes/relayer.js';
import { TestStream } from './stream.js';

/** For how long the stream itself recognizes an event that comes again. In milliseconds. */
const DUPLICATE_WINDOW_MS = 500;
/** After that much silence another process takes the relay over. In milliseconds. */
export const LEASE_TTL_MS = 1_000;
const STREAM = 'FACTS';
const PATIENCE_MS = 120_000;

const FAULTS = ['relay killed', 'server killed', 'outage', 'relay frozen'] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultPlan {
  /** The store, open in this process, and its options for others. */
  readonly store: FactstrSqliteStore | FactstrPostgresStore;
  readonly options: FactstrOptions;
  readonly facts: number;
  readonly seed: number;
  /** How often something is ended, frozen or taken away. */
  readonly faults: number;
  readonly servers?: number;
  readonly log?: (line: string) => void;
}

export interface FaultFigures {
  readonly facts: number;
  readonly milliseconds: number;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Events that are not as their facts are. */
  readonly changed: number;
}

/** Relays facts while processes and servers are killed, and compares the stream with the log at the end. */
export async function relayUnderFaults(plan: FaultPlan): Promise<FaultFigures> {
  const cluster = await NatsCluster.start({ servers: plan.servers ?? 1 });
  const relayers: TestProcess[] = [];
  try {
    const setUp = await TestStream.open(cluster.urls, STREAM);
    await setUp.manager.streams.add({
      name: STREAM,
      subjects: [`${STREAM}.>`],
      num_replicas: plan.servers ?? 1,
      duplicate_window: DUPLICATE_WINDOW_MS * 1_000_000,
      discard: 'new',
      allow_direct: true,
    });
    await setUp.close();
    const began = performance.now();
    const counts = await new Faults(plan, cluster, relayers).run();
    const milliseconds = performance.now() - began;
    const stream = await TestStream.open(cluster.urls, STREAM);
    const events = await stream.events();
    await stream.close();
    const { event_records } = await plan.store.query({ filters: null });
    return {
      facts: event_records.length,
      milliseconds,
      faults: counts,
      ...compared(event_records, events),
    };
  } finally {
    await Promise.all(relayers.map((relayer) => relayer.kill()));
    await cluster.stop();
  }
}

/** What is wrong with the events of all facts. */
export function compared(
  records: readonly EventRecord[],
  events: readonly (CloudEvent | undefined)[],
): Pick<FaultFigures, 'lost' | 'duplicated' | 'reordered' | 'changed'> {
  const seen = new Map<string, number>();
  let [reordered, changed, newest] = [0, 0, 0n];
  const byId = new Map(records.map((record) => [String(record.sequence_number), record]));
  for (const event of events) {
    const record = event && byId.get(event.id);
    if (event === undefined || record === undefined) {
      changed++;
      continue;
    }
    seen.set(event.id, (seen.get(event.id) ?? 0) + 1);
    if (record.sequence_number < newest) reordered++;
    else newest = record.sequence_number;
    const isSame =
      event.type === record.event_type &&
      event.time === record.occurred_at &&
      JSON.stringify(event.data) === JSON.stringify(record.payload);
    if (!isSame) changed++;
  }
  const duplicated = [...seen.values()].reduce((sum, count) => sum + count - 1, 0);
  return { lost: records.length - seen.size, duplicated, reordered, changed };
}

class Faults {
  readonly #plan: FaultPlan;
  readonly #cluster: NatsCluster;
  readonly #relayers: TestProcess[];
  readonly #random: Random;
  readonly #counts: Record<Fault, number> = {
    'relay killed': 0,
    'server killed': 0,
    outage: 0,
    'relay frozen': 0,
  };
  #appended = 0;

  constructor(plan: FaultPlan, cluster: NatsCluster, relayers: TestProcess[]) {
    this.#plan = plan;
    this.#cluster = cluster;
    this.#relayers = relayers;
    this.#random = new Random(plan.seed);
  }

  async run(): Promise<Record<Fault, number>> {
    const { facts, faults, log } = this.#plan;
    this.#startRelayer();
    for (let round = 0; round < faults; round++) {
      const before = this.#appended;
      await this.#append(Math.floor((facts * (round + 1)) / faults));
      // Somewhere on the way through these facts.
      const at = before + this.#random.int(0, this.#appended - before - 1);
      await this.#reaches(at);
      // Each kind once, and then as they come.
      const fault = FAULTS[round] ?? this.#random.pick(FAULTS);
      log?.(`${round + 1}/${faults}: ${fault} at event ${at} or later`);
      await this.#play(fault);
      this.#counts[fault]++;
    }
    await this.#append(facts);
    await this.#reaches(this.#appended);
    return this.#counts;
  }

  async #play(fault: Fault): Promise<void> {
    const server = this.#random.pick(this.#cluster.servers);
    switch (fault) {
      case 'relay killed':
        await this.#relayers.pop()!.kill();
        break;
      case 'server killed':
        await restart([server], this.#random.int(0, 200));
        return;
      case 'outage':
        await restart(this.#cluster.servers, DUPLICATE_WINDOW_MS * 3);
        return;
      case 'relay frozen': {
        // It wakes up when another process has taken over, and what it had under way goes on.
        const frozen = this.#relayers.pop()!;
        await frozen.kill('SIGSTOP');
        this.#startRelayer();
        await this.#append(this.#appended + 200);
        await this.#reaches(this.#appended);
        await frozen.kill('SIGCONT');
        await pause(this.#random.int(0, 500));
        await frozen.kill();
        return;
      }
    }
    this.#startRelayer();
  }

  #startRelayer(): void {
    const { urls: servers } = this.#cluster;
    const { options } = this.#plan;
    const task: RelayerTask = {
      store: { ...options, leaseTtl: LEASE_TTL_MS },
      servers,
      stream: STREAM,
    };
    this.#relayers.push(new TestProcess(new URL('../processes/relayer.ts', import.meta.url), task));
  }

  async #append(upTo: number): Promise<void> {
    while (this.#appended < upTo) {
      const count = Math.min(upTo - this.#appended, this.#random.int(1, 40));
      await this.#plan.store.append(
        Array.from({ length: count }, (_, index) => ({
          event_type: index % 3 === 0 ? 'order-placed' : 'order-paid',
          payload: { n: this.#appended + index, text: 'x'.repeat(this.#random.int(0, 200)) },
        })),
      );
      this.#appended += count;
    }
  }

  /** Waits until the stream has so many events. */
  async #reaches(count: number): Promise<void> {
    let seen = 0;
    await until(
      async () => {
        seen = Math.max(seen, await this.#countEvents());
        return seen >= count;
      },
      () => `${count} events; ${seen} are there`,
      PATIENCE_MS,
    );
  }

  async #countEvents(): Promise<number> {
    for (const { monitorUrl } of this.#cluster.servers) {
      try {
        const answer = await fetch(`${monitorUrl}/jsz`, { signal: AbortSignal.timeout(2_000) });
        const { messages } = (await answer.json()) as { messages: number };
        return messages;
      } catch {
        // Down: another one is asked.
      }
    }
    return 0;
  }
}

async function restart(servers: readonly NatsServer[], after: number): Promise<void> {
  await Promise.all(servers.map((server) => server.kill()));
  await pause(after);
  for (const server of servers) server.start();
  for (const server of servers) await server.ready();
}

/** An outage, or a thaw, has a length: it is no wait for something. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
