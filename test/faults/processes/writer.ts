// Appends, decides and reads without a break until it is told to stop, and keeps a journal of all of it.
import { FactstrPostgresStore, FactstrSqliteStore, FactstrStore } from 'nestjs-factstr';
import type { AppendIfResult, AppendResult, NewEvent } from 'nestjs-factstr';
import { setTimeout as pause } from 'node:timers/promises';
import { digestOf } from '../../support/history/checker.js';
import type { AppendCall, AppendIfCall, Call, Outcome } from '../../support/history/checker.js';
import { next, send } from '../../support/child-task.js';
import { Journal } from '../../support/history/journal.js';
import { Random } from '../../support/random.js';
import type { StoreOptions } from '../support/storage.js';

export interface WriterTask {
  /** Unique among the processes of a log. */
  client: string;
  options: StoreOptions;
  journal: string;
  seed: number;
  /** Whether appends have ids. */
  named: boolean;
  /** Callers at a time. */
  lanes: number;
  /** How many calls at most. */
  calls: number;
  /** The longest pause of a caller between two calls, in milliseconds. */
  think: number;
  /** What an earlier process was not answered: repeated first, with the same ids. */
  repeat: (AppendCall | AppendIfCall)[];
  /** Characters that each payload is made longer by. */
  padding: number;
  /** Facts of an append at most. */
  most: number;
  /** Whether it reads besides: the whole log, and contexts. */
  reads: boolean;
  /** Whether it waits for a word before it opens the store. */
  gated: boolean;
}

const CONTEXTS = 5;

// Whoever started it is gone.
process.on('disconnect', () => process.exit());

const task = await next<WriterTask>();
const { client, options } = task;
const random = new Random(task.seed);
const journal = new Journal(task.journal);
send('loaded');
if (task.gated) await next();
const store = FactstrStore.of(
  options.provider === 'sqlite'
    ? new FactstrSqliteStore(options.path, options)
    : new FactstrPostgresStore(options.url, options),
  { appendRetryTimeout: 60_000 },
);
/** What is known of each context. */
const versions = new Map<number, number | null>();
const isIndeterminate = new Set(['INDETERMINATE_APPEND']);
let left = task.calls;
const stop = new AbortController();
let batches = 0;

void next().then(() => stop.abort());
for (const call of task.repeat) await made(call);
await Promise.all(Array.from({ length: task.lanes }, () => work()));
if (!stop.signal.aborted) send('finished');
// The last word of the test is waited for: a process that has done its calls stays to be killed.
while (!stop.signal.aborted) await pause(5);
await store.close();
journal.close();
send('stopped');
process.exit();

async function work(): Promise<void> {
  while (!stop.signal.aborted && left > 0) {
    left--;
    await step();
    if (task.think > 0) await pause(random.next() * task.think);
  }
}

async function step(): Promise<void> {
  const context = random.int(1, CONTEXTS);
  const kind = random.next();
  if (kind < (task.reads ? 0.6 : 0.7))
    return void (await made({ kind: 'append', events: newFacts(), ...id() }));
  if (kind < 0.7) {
    const query = kind < 0.65 ? {} : contextQuery(context);
    const min_sequence_number = kind < 0.65 ? (versions.get(0) ?? null) : null;
    const answer = await made({ kind: 'query', query: { ...query, min_sequence_number } });
    if (answer.kind === 'answered') versions.set(kind < 0.65 ? 0 : context, answer.version);
    return;
  }
  const outcome = await made({
    kind: 'appendIf',
    events: newFacts(context),
    query: contextQuery(context),
    expected: versions.get(context) ?? null,
    ...id(),
  });
  if (outcome.kind === 'committed') versions.set(context, outcome.last);
  if (outcome.kind === 'conflict') versions.set(context, outcome.actual);
}

function contextQuery(context: number): { filters: { payload_predicates: unknown[] }[] } {
  return { filters: [{ payload_predicates: [{ context }] }] };
}

function id(): { appendId?: string } {
  return task.named ? { appendId: `${client}/${batches}` } : {};
}

/** Facts that no other append brings; those of a context belong to it. */
function newFacts(context?: number): NewEvent[] {
  const batch = ++batches;
  return Array.from({ length: random.chance(0.5) ? 1 : random.int(2, task.most) }, (_, n) => ({
    event_type: random.pick(['noted', 'counted', 'paid']),
    payload: {
      by: client,
      batch,
      n,
      ...(context === undefined ? {} : { context }),
      ...(task.padding > 0 ? { padding: random.text(random.int(0, task.padding)) } : {}),
    },
  }));
}

/** Makes a call and records it. */
async function made(call: Call): Promise<Outcome> {
  const index = journal.begin(client, call);
  let outcome: Outcome;
  try {
    outcome = await outcomeOf(call);
    journal.end(index, outcome);
  } catch (error) {
    const { code = 'NO_CODE', message } = error as Error & { code?: string };
    outcome = { kind: isIndeterminate.has(code) ? 'indeterminate' : 'refused', code };
    journal.end(index, outcome, message);
    // A database that refuses at once would be asked some thousand times.
    await pause(5);
  }
  send({ made: outcome.kind, code: 'code' in outcome ? outcome.code : undefined });
  return outcome;
}

async function outcomeOf(call: Call): Promise<Outcome> {
  if (call.kind === 'query') {
    const { filters, min_sequence_number: min } = call.query;
    const min_sequence_number = min === null || min === undefined ? null : BigInt(min);
    const query = { filters: filters as never, min_sequence_number };
    const { event_records, ...answer } = await store.query(query);
    const rows = event_records.map((record) => ({
      ...record,
      sequence_number: Number(record.sequence_number),
    }));
    return {
      kind: 'answered',
      rows: rows.map(({ sequence_number }) => sequence_number),
      digest: digestOf(rows),
      last: toVersion(answer.last_returned_sequence_number),
      version: toVersion(answer.current_context_version),
    };
  }
  const events = call.events as NewEvent[];
  const named = call.appendId === undefined ? undefined : { appendId: call.appendId };
  if (call.kind === 'append') return committed(await store.append(events, named));
  const { expected } = call;
  const result: AppendIfResult = await store.appendIf(
    events,
    call.query as never,
    expected === null ? null : BigInt(expected),
    named,
  );
  if (result.append_result) return committed(result.append_result);
  return {
    kind: 'conflict',
    expected: toVersion(result.conflict?.expected_context_version),
    actual: toVersion(result.conflict?.actual_context_version),
  };
}

function committed(result: AppendResult): Outcome {
  return {
    kind: 'committed',
    first: Number(result.first_sequence_number),
    last: Number(result.last_sequence_number),
    count: Number(result.committed_count),
  };
}

function toVersion(version: bigint | null | undefined): number | null {
  return version === null || version === undefined ? null : Number(version);
}
