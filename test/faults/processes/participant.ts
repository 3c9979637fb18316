// Runs streams and, beside them, decides on what it reads, and keeps a record of all of it. The first word of the test
// ends its calls, the second one its streams.
import { FactstrPostgresStore, FactstrSqliteStore, FactstrStore } from 'nestjs-factstr';
import type { EventRecord, NewEvent } from 'nestjs-factstr';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../../support/random.js';
import type { StoreOptions } from '../support/storage.js';
import { done, next, send } from '../../support/child-task.js';
import type { Outcome, RecordedQuery } from '../../support/history/history.types.js';
import { toQuery } from '../../support/history/recorded-outcome.js';
import { Journal } from '../../support/history/journal.js';

export interface ParticipantTask {
  /** Unique among the processes of a log. */
  readonly client: string;
  readonly options: StoreOptions;
  /** Where the record goes. */
  readonly file: string;
  readonly seed: number;
  readonly streams: readonly ParticipantStream[];
  /** How many contexts all processes contend for. */
  readonly contexts: number;
}

export interface ParticipantStream {
  readonly name: string;
  readonly query: RecordedQuery;
  readonly durable: boolean;
}

/** What it tells the test, beside `'quiet'` and `'stopped'`. */
export type Told =
  | { readonly running: Readonly<Record<string, readonly [earliest: number, latest: number]>> }
  | { readonly stream: string; readonly last: number };

// Whoever started it is gone.
process.on('disconnect', () => process.exit());

const task = await next<ParticipantTask>();
const { client, options, contexts } = task;
const random = new Random(task.seed);
const journal = new Journal(task.file);
const onStreamError = (error: Error): never => {
  throw error;
};
const store = FactstrStore.of(
  options.provider === 'sqlite'
    ? new FactstrSqliteStore(options.path, { ...options, onStreamError })
    : new FactstrPostgresStore(options.url, { ...options, onStreamError }),
);
const began: Record<string, [number, number]> = {};
for (const { name, query, durable } of task.streams) {
  const handle = (facts: EventRecord[]): void => {
    const numbers = facts.map(({ sequence_number }) => Number(sequence_number));
    journal.delivered(name, numbers);
    send({ stream: name, last: numbers.at(-1)! } satisfies Told);
  };
  const before = await head();
  if (durable) await store.streamToDurable({ name }, toQuery(query), handle);
  else await store.streamTo(toQuery(query), handle);
  began[name] = [before, await head()];
}
send({ running: began } satisfies Told);
const quiet = new AbortController();
void next().then(() => quiet.abort());
for (let turn = 0; !quiet.signal.aborted; turn++) {
  await step(turn);
  await pause(random.next() * 10);
}
send('quiet');
await next();
await store.close();
journal.close();
send('stopped');
done();

/** One of its calls: most are decisions on what was read just before, which others may have outdated. */
async function step(turn: number): Promise<void> {
  const context = random.int(1, contexts);
  const events: NewEvent[] = Array.from({ length: random.int(1, 3) }, (_, n) => ({
    event_type: random.pick(['noted', 'paid']),
    payload: { by: client, turn, n, context },
  }));
  if (random.chance(0.3)) {
    await journal.make(client, store, { kind: 'append', events });
    return;
  }
  const query = { filters: [{ payload_predicates: [{ context }] }] };
  const read = await journal.make(client, store, { kind: 'query', query });
  if (random.chance(0.5)) await pause(random.next() * 10);
  const appendId = random.chance(0.5) ? { appendId: `${client}/${turn}` } : {};
  const call = { kind: 'appendIf', events, query, expected: versionOf(read), ...appendId } as const;
  await journal.make(client, store, call);
  // Once more with the same id: the same answer, and nothing appended.
  if (call.appendId !== undefined) await journal.make(client, store, call);
}

function versionOf(outcome: Outcome): number | null {
  if (outcome.kind !== 'answered') throw new Error(`The query was ${JSON.stringify(outcome)}`);
  return outcome.version;
}

async function head(): Promise<number> {
  const { current_context_version } = await store.query({ min_sequence_number: 2n ** 62n });
  return Number(current_context_version ?? 0n);
}
