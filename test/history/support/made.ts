import { checkHistory, digestOf } from '../../support/history/checker.js';
import type {
  AppendIfCall,
  BatchRow,
  Call,
  LoggedFact,
  Outcome,
  RecordedCall,
  RecordedQuery,
  RecordedStream,
  Rule,
  Version,
} from '../../support/history/checker.js';

/** Hand-made histories. */

export type Event = { event_type: string; payload: { of: string; n: number; cart?: number } };

/** `count` facts that belong to the append `of`. */
export function facts(of: string, count = 1, cart?: number): Event[] {
  return Array.from({ length: count }, (_, n) => ({
    event_type: 'noted',
    payload: { of, n, ...(cart === undefined ? {} : { cart }) },
  }));
}

export const inCart = (cart: number): RecordedQuery => ({
  filters: [{ payload_predicates: [{ cart }] }],
});

export function logOf(...batches: Event[][]): LoggedFact[] {
  return batches.flat().map((event, index) => ({ ...event, sequence_number: index + 1 }));
}

export type Time = readonly [start: number, end?: number];

export function made(call: Call, outcome: Outcome | undefined, [start, end]: Time): RecordedCall {
  const ended = outcome === undefined ? {} : { outcome, end: end ?? start + 1 };
  return { client: 'one', start, call, ...ended };
}

export function committed(first: number, count = 1): Outcome {
  return { kind: 'committed', first, last: first + count - 1, count };
}

export function appended(
  events: Event[],
  first: number,
  time: Time,
  appendId?: string,
): RecordedCall {
  const call = { kind: 'append', events, ...(appendId === undefined ? {} : { appendId }) } as const;
  return made(call, committed(first, events.length), time);
}

export function decided(
  events: Event[],
  cart: number,
  expected: Version,
  outcome: Outcome | undefined,
  time: Time,
  appendId?: string,
): RecordedCall {
  const call: AppendIfCall = { kind: 'appendIf', events, query: inCart(cart), expected };
  return made(appendId === undefined ? call : { ...call, appendId }, outcome, time);
}

export function conflict(expected: Version, actual: Version): Outcome {
  return { kind: 'conflict', expected, actual };
}

export function asked(query: RecordedQuery, rows: LoggedFact[], version: Version, time: Time) {
  return made(
    { kind: 'query', query },
    {
      kind: 'answered',
      rows: rows.map((row) => row.sequence_number),
      digest: digestOf(rows),
      last: rows.at(-1)?.sequence_number ?? null,
      version,
    },
    time,
  );
}

export const refused = { kind: 'refused', code: 'DATABASE_BUSY' } as const;
export const indeterminate = { kind: 'indeterminate', code: 'INDETERMINATE_APPEND' } as const;

export interface Given {
  calls: RecordedCall[];
  log: LoggedFact[];
  batches?: BatchRow[];
  deliveries?: RecordedStream[];
}

export function rulesBroken(history: Given): Rule[] {
  return checkHistory(history).map(({ rule }) => rule);
}

export function append(events: Event[], appendId?: string): Call {
  return { kind: 'append', events, ...(appendId === undefined ? {} : { appendId }) };
}

export function delivered(run: number[][], query: RecordedQuery = {}): Given {
  return { calls: writes, log, deliveries: [{ name: 's', query, after: 0, runs: [run] }] };
}
/** Two appends to cart 7, one to cart 8; then reads. */
export const a = facts('a', 2, 7);
export const b = facts('b', 1, 8);
export const c = facts('c', 1, 7);
export const log = logOf(a, b, c);
export const writes = [
  appended(a, 1, [0, 10]),
  appended(b, 3, [11, 20]),
  decided(c, 7, 2, committed(4), [21, 30]),
];
