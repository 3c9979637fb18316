import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  EventQuery,
  EventRecord,
  MaybePromise,
  NewEvent,
  QueryResult,
} from '../../../lib/contract/contract.types.js';
import { FactstrError } from '../../../lib/contract/errors.js';
import { digestOf } from './content.js';
import type { Call, LoggedFact, Outcome, RecordedQuery, Version } from './history.types.js';

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

/** Makes the call on the store; an error of the store's is an outcome, any other one rejects. */
export async function outcomeOf(store: RecordedStore, call: Call): Promise<Outcome> {
  try {
    return await answerOf(store, call);
  } catch (error) {
    if (!(error instanceof FactstrError)) throw error;
    const kind = error.code === 'INDETERMINATE_APPEND' ? 'indeterminate' : 'refused';
    return { kind, code: error.code };
  }
}

/** Records of a store, as histories have them. */
export function logOf(records: readonly EventRecord[]): LoggedFact[] {
  return records.map(({ sequence_number, event_type, payload }) => ({
    sequence_number: Number(sequence_number),
    event_type,
    payload,
  }));
}

export function toQuery({ filters, min_sequence_number: min }: RecordedQuery): EventQuery {
  return {
    ...(filters === undefined ? {} : { filters: filters as EventQuery['filters'] }),
    ...(min === undefined ? {} : { min_sequence_number: min === null ? null : BigInt(min) }),
  };
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
