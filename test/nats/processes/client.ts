// Appends, decides and reads on one store, from several callers at once, runs a live and a durable stream beside it,
// and keeps a journal of all of it. The first word of the test ends its calls, then it tells what its view holds; the
// second one ends it.
import type { EventRecord, NewEvent } from '../../../lib/contract/contract.types.js';
import { FactstrNatsStore } from '../../../lib/nats/store.js';
import { setTimeout as pause } from 'node:timers/promises';
import { done, next, send } from '../../support/child-task.js';
import type {
  AppendCall,
  AppendIfCall,
  Call,
  Outcome,
} from '../../support/history/history.types.js';
import { digestOf } from '../../support/history/content.js';
import { Journal } from '../../support/history/journal.js';
import { logOf } from '../../support/history/recorded-outcome.js';
import type { RecordedStore } from '../../support/history/recorded-outcome.js';
import { Random } from '../../support/random.js';

export interface ClientTask {
  /** Unique among the processes of a log. */
  readonly client: string;
  readonly servers: readonly string[];
  readonly stream: string;
  /** Where its view is. */
  readonly view: string;
  /** Of its durable stream: the next process of the same slot goes on with it. */
  readonly durable: string;
  readonly journal: string;
  readonly seed: number;
  /** Callers at a time, and how long each pauses between calls at most, in milliseconds. */
  readonly lanes: number;
  readonly think: number;
  /** What an earlier process was not answered: repeated first, with the same ids. */
  readonly repeat: readonly (AppendCall | AppendIfCall)[];
}

/** What it tells, beside `'quiet'`, a view's content and `'stopped'`. */
export interface ClientStatus {
  /** Appends that were acknowledged, and how far its streams are. */
  readonly acknowledged: number;
  readonly live: number;
  readonly durable: number;
  /** Between which two numbers its live stream begins. */
  readonly after: readonly [earliest: number, latest: number];
}

export interface ViewContent {
  readonly facts: number;
  readonly digest: string;
}

/** Contexts that all processes contend for, and those of each process. */
const CONTENDED = 5;
const OWN = 10;
const STATUS_MS = 50;
const RETRY_MS = 100;

process.on('disconnect', () => process.exit());

const task = await next<ClientTask>();
const { client } = task;
const random = new Random(task.seed);
const journal = new Journal(task.journal);
const store = new FactstrNatsStore({
  servers: task.servers,
  stream: task.stream,
  view: task.view,
  durability: 'replicated',
  // Only by the proxies that the test cuts.
  connection: { ignoreClusterUpdates: true } as object,
  onStreamError: (error) => {
    journal.write({ reported: String(error) });
    if (error.code === 'LEASE_LOST') void durable();
  },
});
const face: RecordedStore = {
  append: (events, options) => store.append(events, options),
  appendIf: (events, query, expected, options) => store.appendIf(events, query, expected, options),
  query: (query) => store.query(query),
};
const quiet = new AbortController();
const status = { acknowledged: 0, live: 0, durable: 0 };
let after: [number, number] = [0, 0];
/** What is known of each context. */
const versions = new Map<string, number | null>();
let made = 0;
let shared = 0;
let runs = 0;

await persistently(() => store.connect());
await live();
void durable();
const telling = setInterval(() => send({ ...status, after } satisfies ClientStatus), STATUS_MS);
void next().then(() => quiet.abort());
for (const call of task.repeat) await settled(call);
await Promise.all(Array.from({ length: task.lanes }, () => lane()));
send('quiet');
await next();
const records = (await persistently(() => store.queryPage({}, { read: 'barrier' }))).event_records;
send({ facts: records.length, digest: digestOf(logOf(records)) } satisfies ViewContent);
await next();
clearInterval(telling);
await store.close();
journal.close();
send('stopped');
done();

async function live(): Promise<void> {
  const before = await head();
  store.streamAll((facts) => delivered('live', `live/${client}`, facts));
  after = [before, await head()];
}

/** Runs the durable stream; one that lost its lease while servers were away is registered again. */
async function durable(): Promise<void> {
  for (;;) {
    const name = `${task.durable}/${client}/${++runs}`;
    try {
      await store.streamAllDurable({ name: task.durable }, (facts) =>
        delivered('durable', name, facts),
      );
      return;
    } catch (error) {
      journal.write({ reported: `durable: ${String(error)}` });
      await pause(RETRY_MS);
    }
  }
}

function delivered(stream: 'live' | 'durable', name: string, facts: readonly EventRecord[]): void {
  const numbers = facts.map(({ sequence_number }) => Number(sequence_number));
  journal.delivered(name, numbers);
  status[stream] = numbers.at(-1)!;
}

async function lane(): Promise<void> {
  while (!quiet.signal.aborted) {
    await step();
    await pause(random.next() * task.think);
  }
}

async function step(): Promise<void> {
  const kind = random.next();
  if (kind < 0.3) {
    await settled({ kind: 'append', events: newFacts(), ...id() });
  } else if (kind < 0.6) {
    await decide({ context: random.int(1, CONTENDED) });
  } else if (kind < 0.75) {
    await decide({ own: `${client}/${random.int(1, OWN)}` });
  } else if (kind < 0.83) {
    const call = sharedAppend(shared++);
    await settled(call);
    // Once more: the same answer, and nothing appended.
    if (random.chance(0.3)) await settled(call);
  } else {
    await read({ context: random.int(1, CONTENDED) }, random.chance(0.4));
  }
}

async function decide(predicate: object): Promise<void> {
  const query = { filters: [{ payload_predicates: [predicate] }] };
  const key = JSON.stringify(predicate);
  const expected = versions.get(key) ?? null;
  const call = { kind: 'appendIf', events: newFacts(predicate), query, expected, ...id() } as const;
  const outcome = await settled(call);
  if (outcome.kind === 'committed') versions.set(key, outcome.last);
  if (outcome.kind === 'conflict') versions.set(key, outcome.actual);
}

async function read(predicate: object, isBarrier: boolean): Promise<void> {
  const key = JSON.stringify(predicate);
  const query = {
    filters: [{ payload_predicates: [predicate] }],
    min_sequence_number: versions.get(key) ?? null,
  };
  const page = { limit: 10, read: isBarrier ? ('barrier' as const) : ('local' as const) };
  const reading: RecordedStore = { ...face, query: (asked) => store.queryPage(asked, page) };
  const view = isBarrier ? undefined : client;
  const call: Call = { kind: 'query', query, limit: page.limit };
  const outcome = await journal.make(client, reading, call, view);
  if (outcome.kind === 'answered') versions.set(key, outcome.version);
}

/** Makes an append; one with an id is repeated until it is known what became of it. */
async function settled(call: AppendCall | AppendIfCall): Promise<Outcome> {
  for (;;) {
    const outcome = await journal.make(client, face, call, client);
    if (outcome.kind === 'committed') status.acknowledged++;
    if (outcome.kind !== 'indeterminate' || call.appendId === undefined) return outcome;
  }
}

function id(): { appendId?: string } {
  return random.chance(0.6) ? { appendId: `${client}/${made}` } : {};
}

/** Facts that no other append brings. */
function newFacts(predicate: object = {}): NewEvent[] {
  const batch = ++made;
  return Array.from({ length: random.chance(0.6) ? 1 : random.int(2, 4) }, (_, n) => ({
    event_type: random.pick(['noted', 'counted', 'paid']),
    payload: { by: client, batch, n, ...predicate },
  }));
}

/** What every process appends, with the same ids. */
function sharedAppend(number: number): AppendCall | AppendIfCall {
  const cart = { cart: number };
  const events = Array.from({ length: 1 + (number % 3) }, (_, n) => ({
    event_type: 'paid',
    payload: { by: 'all', number, n, ...cart },
  }));
  const appendId = `all/${number}`;
  if (number % 2 === 0) return { kind: 'append', events, appendId };
  const query = { filters: [{ payload_predicates: [cart] }] };
  return { kind: 'appendIf', events, query, expected: null, appendId };
}

async function head(): Promise<number> {
  const { current_context_version } = await store.query({ min_sequence_number: 2n ** 62n });
  return Number(current_context_version ?? 0n);
}

async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      journal.write({ reported: String(error) });
      await pause(RETRY_MS);
    }
  }
}
