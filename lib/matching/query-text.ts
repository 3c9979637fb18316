import type { JsonValue } from '../contract/json-value.js';
import type { PreparedFilter, PreparedQuery } from '../contract/validation.js';
import { sameJson } from './json-containment.js';

/**
 * A durable cursor's query as FACTSTR stores it, byte for byte: members in a fixed order, `null` where absent,
 * object keys by code point, no spaces, numbers as Rust's serde_json prints them. `min_sequence_number` is no
 * part of a stream's query and is stored as `null`.
 */
export function queryText(query: PreparedQuery): string {
  const filters = query.filters === null ? 'null' : `[${query.filters.map(filterText).join(',')}]`;
  return `{"filters":${filters},"min_sequence_number":null}`;
}

function filterText(filter: PreparedFilter): string {
  const types = filter.event_types === null ? 'null' : JSON.stringify(filter.event_types);
  const predicates =
    filter.payload_predicates === null
      ? 'null'
      : `[${filter.payload_predicates.map(jsonText).join(',')}]`;
  return `{"event_types":${types},"payload_predicates":${predicates}}`;
}

/** A JSON value's text, the same whatever the order of keys. */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'number') return numberText(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  const members = Object.keys(value)
    .sort(byCodePoint)
    .map((key) => `${JSON.stringify(key)}:${jsonText(value[key]!)}`);
  return `{${members.join(',')}}`;
}

/**
 * serde_json reads a number without fraction and exponent that fits 64 bits as an integer and any other as a
 * double; it prints doubles in scientific notation below 1e-5 and from 1e16 on. As in FACTSTR 0.5.2's own build
 * (serde_json 1.0.149) positive exponents have a plus sign; older serde_json (1.0.140 for one) left it out.
 */
function numberText(value: number): string {
  // JavaScript writes -2^63 as -9223372036854776000, which does not fit.
  const fitsInteger = Number.isInteger(value) && value > -(2 ** 63) && value < 2 ** 64;
  const written = fitsInteger || (!Number.isInteger(value) && Math.abs(value) >= 1e-5);
  return written ? JSON.stringify(value) : value.toExponential();
}

/** Not by UTF-16 unit, as JavaScript compares: U+FFFD comes before U+1F600. */
function byCodePoint(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/**
 * Whether a stored query and the given one match the same facts: order and repetition of types, predicates and
 * filters do not matter, nor the order of keys.
 */
export function sameMeaning(storedText: string, query: PreparedQuery): boolean {
  if (storedText === queryText(query)) return true;
  const stored = readQueryText(storedText);
  return stored !== undefined && sameSet(stored, query.filters, sameFilter);
}

/** A stored text as a query; `undefined` for a text that is none. */
export function storedQuery(text: string): PreparedQuery | undefined {
  const filters = readQueryText(text);
  return filters === undefined ? undefined : { filters, min_sequence_number: null };
}

/** The stored filters; `undefined` for a text that is no query. */
function readQueryText(text: string): readonly PreparedFilter[] | null | undefined {
  let query: unknown;
  try {
    query = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(query)) return undefined;
  const filters = query['filters'] ?? null;
  if (filters === null) return null;
  return Array.isArray(filters) && filters.every(isStoredFilter)
    ? filters.map(({ event_types = null, payload_predicates = null }) => ({
        event_types,
        payload_predicates,
      }))
    : undefined;
}

function isStoredFilter(filter: unknown): filter is Partial<PreparedFilter> {
  return (
    isObject(filter) &&
    [filter['event_types'] ?? [], filter['payload_predicates'] ?? []].every(Array.isArray)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sameFilter(left: PreparedFilter, right: PreparedFilter): boolean {
  return (
    samePart(left.event_types, right.event_types, (a, b) => a === b) &&
    samePart(left.payload_predicates, right.payload_predicates, sameJson)
  );
}

/** Absent and empty differ in a filter: the first does not constrain, the second matches nothing. */
function samePart<T>(
  left: readonly T[] | null,
  right: readonly T[] | null,
  same: (a: T, b: T) => boolean,
): boolean {
  if (left === null || right === null) return left === right;
  return covers(left, right, same) && covers(right, left, same);
}

/** Absent and empty filters both match every fact. */
function sameSet<T>(
  left: readonly T[] | null,
  right: readonly T[] | null,
  same: (a: T, b: T) => boolean,
): boolean {
  const a = left ?? [];
  const b = right ?? [];
  return covers(a, b, same) && covers(b, a, same);
}

function covers<T>(
  outer: readonly T[],
  inner: readonly T[],
  same: (a: T, b: T) => boolean,
): boolean {
  return inner.every((wanted) => outer.some((candidate) => same(candidate, wanted)));
}
