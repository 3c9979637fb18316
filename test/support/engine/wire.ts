import type {
  AppendIfResult,
  AppendResult,
  EventQuery,
  EventRecord,
  QueryResult,
} from '../../../lib/contract/contract.types.js';

/** A sequence number as the engine writes it. The tests' logs are far below 2^53. */
type WrittenNumber = number | null;

export interface WrittenRecord extends Omit<EventRecord, 'sequence_number'> {
  sequence_number: number;
}

export interface WrittenAppendResult {
  first_sequence_number: number;
  last_sequence_number: number;
  committed_count: number;
}

export interface WrittenAppendIfResult {
  append_result?: WrittenAppendResult;
  conflict?: { expected_context_version: WrittenNumber; actual_context_version: WrittenNumber };
}

export interface WrittenQueryResult {
  event_records: WrittenRecord[];
  last_returned_sequence_number: WrittenNumber;
  current_context_version: WrittenNumber;
}

export function writeQuery(query: EventQuery): unknown {
  return { ...query, min_sequence_number: writeNumber(query.min_sequence_number) };
}

export function writeNumber(value: bigint | null | undefined): WrittenNumber {
  return value == null ? null : Number(value);
}

export function readRecord(record: WrittenRecord): EventRecord {
  return { ...record, sequence_number: BigInt(record.sequence_number) };
}

export function readAppendResult(result: WrittenAppendResult): AppendResult {
  return {
    first_sequence_number: BigInt(result.first_sequence_number),
    last_sequence_number: BigInt(result.last_sequence_number),
    committed_count: BigInt(result.committed_count),
  };
}

/** As our stores answer: exactly one of the two, the other one `null`. */
export function readAppendIfResult({
  append_result,
  conflict,
}: WrittenAppendIfResult): AppendIfResult {
  return {
    append_result: append_result === undefined ? null : readAppendResult(append_result),
    conflict:
      conflict === undefined
        ? null
        : {
            expected_context_version: readNumber(conflict.expected_context_version),
            actual_context_version: readNumber(conflict.actual_context_version),
          },
  };
}

export function readQueryResult(result: WrittenQueryResult): QueryResult {
  return {
    event_records: result.event_records.map(readRecord),
    last_returned_sequence_number: readNumber(result.last_returned_sequence_number),
    current_context_version: readNumber(result.current_context_version),
  };
}

function readNumber(value: WrittenNumber): bigint | null {
  return value === null ? null : BigInt(value);
}
