import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FactstrNatsStore } from '../../../lib/nats/store.js';
import { digestOf } from '../../support/history/content.js';
import type { RecordedStream } from '../../support/history/history.types.js';
import { Journal, readCalls } from '../../support/history/journal.js';
import type { JournalCall } from '../../support/history/journal.js';
import { logOf } from '../../support/history/recorded-outcome.js';
import type { NatsCluster } from '../../support/nats/server.js';
import type { SmallDisk } from '../../support/small-disk.js';
import { TestProxy } from '../../support/postgres/proxy.js';
import { Random } from '../../support/random.js';
import { Client } from './client.js';
import { SERVER_FAULTS, faultsFor } from './faults.js';
import { NaiveLog } from './naive-log.js';
import { RawStream } from './raw-stream.js';
import { judge } from './verdict.js';
import type { RoundVerdict } from './verdict.js';

export interface RoundSettings {
  readonly seed: number;
  /** For how long faults are done, in milliseconds. */
  readonly duration: number;
  /** The longest freeze, in milliseconds. */
  readonly longest: number;
  /** Callers of each client, and how long each pauses between calls at most, in milliseconds. */
  readonly lanes: number;
  readonly think: number;
  /** The disk of the cluster's first server, where it can be full. */
  readonly disk?: SmallDisk | undefined;
}

/** Where the clients' views are. */
const VIEWS = ['memory', 'file', 'file'] as const;

/**
 * Three processes use one log on three servers, while servers and clients are killed and frozen and connections cut;
 * then what became of it is judged by what each was told. Every round is a stream of its own.
 */
export async function playRound(
  cluster: NatsCluster,
  stream: string,
  settings: RoundSettings,
): Promise<RoundVerdict> {
  const folder = await mkdtemp(join(tmpdir(), 'factstr-nats-round-'));
  const undo: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    return await new Round(cluster, stream, settings, folder, undo).play();
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

class Round {
  readonly #cluster: NatsCluster;
  readonly #stream: string;
  readonly #settings: RoundSettings;
  readonly #folder: string;
  readonly #undo: (() => unknown)[];
  readonly #random: Random;
  readonly #faults: string[] = [];
  /** Of each slot its clients, one after the other. */
  readonly #slots: Client[][] = VIEWS.map(() => []);
  #proxies: TestProxy[] = [];

  constructor(
    cluster: NatsCluster,
    stream: string,
    settings: RoundSettings,
    folder: string,
    undo: (() => unknown)[],
  ) {
    this.#cluster = cluster;
    this.#stream = stream;
    this.#settings = settings;
    this.#folder = folder;
    this.#undo = undo;
    this.#random = new Random(settings.seed);
  }

  async play(): Promise<RoundVerdict> {
    this.#proxies = await Promise.all(this.#cluster.urls.map((url) => TestProxy.start(url)));
    this.#undo.push(() => Promise.all(this.#proxies.map((proxy) => proxy.stop())));
    // Created before its clients: a fresh store's first fact names where every stream begins.
    await this.#open('memory').then((store) => store.close());
    const raw = await RawStream.open(this.#cluster.urls, this.#stream);
    this.#undo.push(() => raw.close());
    for (const slot of this.#slots.keys()) this.#launch(slot);
    await Promise.all(this.#slots.map(([client]) => client!.runs()));
    const ends = performance.now() + this.#settings.duration;
    await Promise.all([this.#serverFaults(raw, ends), this.#clientFaults(ends)]);
    const current = this.#slots.map((clients) => clients.at(-1)!);
    await Promise.all(current.map((client) => client.runs()));
    await Promise.all(current.map((client) => client.quiet()));
    return this.#end(raw, current);
  }

  async #serverFaults(raw: RawStream, ends: number): Promise<void> {
    const random = new Random(this.#random.seed());
    const { longest } = this.#settings;
    const { disk } = this.#settings;
    const targets = { cluster: this.#cluster, raw, proxies: this.#proxies, random, longest, disk };
    const names = faultsFor(targets);
    // The leader's death is always among them.
    for (let name = 'leader killed'; performance.now() < ends; name = random.pick(names)) {
      this.#faults.push(name);
      await SERVER_FAULTS[name]!(targets);
      await pause(random.int(200, 4_000));
    }
  }

  async #clientFaults(ends: number): Promise<void> {
    const random = new Random(this.#random.seed());
    const { longest } = this.#settings;
    await pause(random.int(1_000, 4_000));
    while (performance.now() < ends) {
      const slot = random.int(0, VIEWS.length - 1);
      const client = this.#slots[slot]!.at(-1)!;
      if (random.chance(0.5)) {
        this.#faults.push('client killed');
        await client.kill();
        await pause(random.int(0, 2_000));
        this.#launch(slot);
      } else {
        this.#faults.push('client frozen');
        await client.kill('SIGSTOP');
        await pause(random.int(500, longest / 2));
        await client.kill('SIGCONT');
      }
      await pause(random.int(500, 8_000));
    }
  }

  /** Starts the slot's next client. It goes on with what the one before it was not told. */
  #launch(slot: number): void {
    const clients = this.#slots[slot]!;
    const name = `c${slot + 1}-${clients.length + 1}`;
    const client = new Client({
      client: name,
      servers: this.#proxies.map(({ url }) => url),
      stream: this.#stream,
      view: VIEWS[slot] === 'memory' ? 'memory' : join(this.#folder, `view-${slot + 1}.sqlite`),
      durable: `durable-${slot + 1}`,
      journal: join(this.#folder, `${name}.journal`),
      seed: this.#random.seed(),
      lanes: this.#settings.lanes,
      think: this.#settings.think,
      repeat: clients.at(-1)?.unanswered() ?? [],
    });
    this.#undo.push(() => client.kill());
    clients.push(client);
  }

  async #end(raw: RawStream, current: readonly Client[]): Promise<RoundVerdict> {
    const { calls: ended, last } = await this.#appendEnd();
    for (const client of current) await client.reaches(last);
    const contents = new Map<string, string>();
    for (const client of current) {
      const { facts, digest } = await client.content();
      contents.set(client.name, `${facts} ${digest}`);
      await client.stop();
    }
    for (const view of ['memory', join(this.#folder, 'fresh.sqlite')]) {
      const store = await this.#open(view);
      const facts = logOf((await store.query({})).event_records);
      contents.set(`a fresh view (${view})`, `${facts.length} ${digestOf(facts)}`);
      await store.close();
    }
    const naive = new NaiveLog();
    for (const message of await raw.messages()) naive.take(message);
    const clients = this.#slots.flat();
    const calls = [...clients.flatMap((client) => client.calls), ...ended];
    return judge({
      calls,
      naive,
      contents,
      deliveries: this.#deliveries(current),
      faults: this.#faults,
      reported: clients.flatMap((client) => client.reported()),
    });
  }

  #deliveries(current: readonly Client[]): RecordedStream[] {
    const live = this.#slots.flat().flatMap((client): RecordedStream[] => {
      const found = client.live();
      if (found === undefined) return [];
      const { after, deliveries } = found;
      // One that was killed has had what came before its last delivery.
      const through = deliveries.at(-1)?.at(-1) ?? after[0];
      const end = current.includes(client) ? {} : { through };
      return [{ name: `live ${client.name}`, query: {}, after, runs: [deliveries], ...end }];
    });
    const durable = this.#slots.map((clients, slot): RecordedStream => {
      const runs = clients.flatMap((client) => client.durables());
      return { name: `durable ${slot + 1}`, query: {}, after: 0, runs, mayRepeat: 1 };
    });
    return [...live, ...durable];
  }

  async #appendEnd(): Promise<{ calls: JournalCall[]; last: number }> {
    const file = join(this.#folder, 'end.journal');
    const journal = new Journal(file);
    const store = await this.#open('memory');
    const events = [{ event_type: 'ended', payload: { by: 'end' } }];
    const end = await journal.make('end', store, { kind: 'append', events, appendId: 'end' });
    await store.close();
    journal.close();
    if (end.kind !== 'committed') throw new Error(`The end was ${JSON.stringify(end)}`);
    return { calls: readCalls(file), last: end.last };
  }

  async #open(view: string): Promise<FactstrNatsStore> {
    const store = new FactstrNatsStore({
      servers: this.#cluster.urls,
      monitorUrls: this.#cluster.monitorUrls,
      stream: this.#stream,
      view,
    });
    await store.connect();
    return store;
  }
}
