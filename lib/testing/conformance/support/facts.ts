import type {
  EventQuery,
  EventRecord,
  FactStore,
  NewEvent,
} from '../../../contract/contract.types.js';
import { MAX_SEQUENCE_NUMBER } from '../../../contract/limits.js';

/** `count` facts of one type, numbered in their payloads. */
export function facts(count: number, event_type = 'noted'): NewEvent[] {
  return Array.from({ length: count }, (_, n) => ({ event_type, payload: { n } }));
}

export function fact(event_type: string, payload: unknown = {}): NewEvent {
  return { event_type, payload };
}

export function ofTypes(...event_types: string[]): EventQuery {
  return { filters: [{ event_types }] };
}

export function containing(...payload_predicates: unknown[]): EventQuery {
  return { filters: [{ payload_predicates }] };
}

/** The newest sequence number of the log; `null` when it is empty. */
export async function headOf(store: FactStore): Promise<bigint | null> {
  const result = await store.query({ min_sequence_number: MAX_SEQUENCE_NUMBER });
  return result.current_context_version ?? null;
}

export async function numbersOf(store: FactStore, query: EventQuery): Promise<number[]> {
  return numbers((await store.query(query)).event_records);
}

export function numbers(records: readonly EventRecord[]): number[] {
  return records.map((record) => Number(record.sequence_number));
}

/** 1, 2, … `last`. */
export function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
