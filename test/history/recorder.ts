import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  EventQuery,
  EventRecord,
  MaybePromise,
  NewEvent,
  QueryResult,
} from '../../lib/contract/contract.types.js';
import { FactstrError } from '../../lib/contract/errors.js';
import { digestOf } from './content.js';
import type {
  Call,
  LoggedFact,
  Outcome,
  RecordedCall,
  RecordedQuery,
  Version,
} from './history.types.js';

/** What is recorded: a store, or a face of it. */
export interface RecordedStore {
  append(events: NewEvent[], options?: AppendOptions): MaybePromise<AppendResult>;
  query(query: EventQuery): MaybePromise<QueryResult>;
  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expected?: bigint | null,
    options?: AppendOptions,
  ): MaybePromise<AppendIfResult>;
}

/** A line before each call and one after it, so that a process that is killed leaves what it had begun. */
type Line =
  | { readonly id: string; readonly client: string; readonly start: number; readonly call: Call }
  | { readonly id: string; readonly end: number; readonly outcome: Outcome };

/** Writes what is asked of a store, and what it answers, to a file of JSON lines. */
export class Recorder {
  readonly #file: number;
  readonly #name: string;
  #calls = 0;

  /** `name` tells this process's calls from those that other processes record, also in other files. */
  constructor(file: string, name: string) {
    this.#file = openSync(file, 'a');
    this.#name = name;
  }

  /** Makes the call on the store, and resolves with its outcome; never rejects for an error of the store's. */
  async make(client: string, store: RecordedStore, call: Call): Promise<Outcome> {
    const id = `${this.#name}-${++this.#calls}`;
    this.#write({ id, client, start: now(), call });
    const outcome = await outcomeOf(store, call);
    this.#write({ id, end: now(), outcome });
    return outcome;
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** The recorded calls of these files, in the order of their starts. */
export function readCalls(files: readonly string[]): RecordedCall[] {
  const calls = new Map<string, RecordedCall>();
  for (const file of files) {
    // What follows the last line's end was cut off by a kill.
    for (const text of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
      const line = JSON.parse(text) as Line;
      if ('call' in line) {
        const { client, start, call } = line;
        calls.set(line.id, { client, start, call });
      } else {
        const { end, outcome } = line;
        calls.set(line.id, { ...calls.get(line.id)!, end, outcome });
      }
    }
  }
  return [...calls.values()].sort((a, b) => a.start - b.start);
}

/** Records of a store, as histories have them. */
export function logOf(records: readonly EventRecord[]): LoggedFact[] {
  return records.map(({ sequence_number, event_type, payload }) => ({
    sequence_number: Number(sequence_number),
    event_type,
    payload,
  }));
}

/** Microseconds of the machine's monotonic clock, which all its processes share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1_000;
}

async function outcomeOf(store: RecordedStore, call: Call): Promise<Outcome> {
  try {
    return await answerOf(store, call);
  } catch (error) {
    if (!(error instanceof FactstrError)) throw error;
    const kind = error.code === 'INDETERMINATE_APPEND' ? 'indeterminate' : 'refused';
    return { kind, code: error.code };
  }
}

async function answerOf(store: RecordedStore, call: Call): Promise<Outcome> {
  if (call.kind === 'query') return answered(await store.query(toQuery(call.query)));
  const events = call.events as NewEvent[];
  const options = call.appendId === undefined ? [] : [{ appendId: call.appendId }];
  if (call.kind === 'append') return committed(await store.append(events, ...options));
  const expected = call.expected === null ? null : BigInt(call.expected);
  const { append_result, conflict } = await store.appendIf(
    events,
    toQuery(call.query),
    expected,
    ...options,
  );
  if (append_result) return committed(append_result);
  return {
    kind: 'conflict',
    expected: version(conflict?.expected_context_version),
    actual: version(conflict?.actual_context_version),
  };
}

function answered(result: QueryResult): Outcome {
  const rows = logOf(result.event_records);
  return {
    kind: 'answered',
    rows: rows.map((row) => row.sequence_number),
    digest: digestOf(rows),
    last: version(result.last_returned_sequence_number),
    version: version(result.current_context_version),
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

function version(number: bigint | null | undefined): Version {
  return number === null || number === undefined ? null : Number(number);
}

function toQuery({ filters, min_sequence_number: min }: RecordedQuery): EventQuery {
  return {
    ...(filters === undefined ? {} : { filters: filters as EventQuery['filters'] }),
    ...(min === undefined ? {} : { min_sequence_number: min === null ? null : BigInt(min) }),
  };
}
