import type { EventQuery, NewEvent } from '../../../lib/contract/contract.types.js';
import { hashText, mix } from '../../../lib/context-index/terms/hashing.js';

/** The number that `mix(left, …)` makes this hash of: for each left number it is one of 32 bits. */
export function unmixed(left: number, hash: number): number {
  let value = undoShift(hash, 16);
  value = Math.imul(value, inverse(0x846ca68b));
  value = undoShift(value, 15);
  value = Math.imul(value, inverse(0x7feb352d));
  value = undoShift(value, 16);
  return (value ^ Math.imul(left, 0x85ebca6b)) >>> 0;
}

/** What `value ^ (value >>> by)` was made of. */
function undoShift(shifted: number, by: number): number {
  let value = shifted;
  for (let known = by; known < 32; known += by) value = shifted ^ (value >>> by);
  return value >>> 0;
}

/** What undoes a multiplication by an odd number. */
function inverse(odd: number): number {
  let found = odd;
  // Each round doubles the bits that are right.
  for (let round = 0; round < 5; round++) {
    found = Math.imul(found, 2 - Math.imul(odd, found));
  }
  return found;
}

const ROOT = 0x2545f491;
const KEY = 0x3c6ef372;
const NUMBER = 0x1f83d9ab;

/** Leaves that make the terms of a whole type. */
export const TYPE_LEAVES = { any: 0x428a2f98, overflow: 0x71374491 };

/** The hash of a payload's member that is a whole number of 32 bits. */
export function leafOf(key: string, value: number): number {
  return mix(mix(ROOT, hashText(KEY, key)), mix(NUMBER, value));
}

/** The whole number with which a member has this leaf. */
export function valueOfLeaf(key: string, leaf: number): number {
  return unmixed(NUMBER, unmixed(mix(ROOT, hashText(KEY, key)), leaf)) | 0;
}

/** A payload whose two members have one hash. */
export function twins(value: number): { a: number; b: number } {
  return { a: value, b: valueOfLeaf('b', leafOf('a', value)) };
}

const MANY = Array.from({ length: 3_000 }, (_, n) => n);
export const ONE = '00k40p';
export const OTHER = '01c04a';
/** Two members of one hash; members with the hashes of what is no leaf; types of one hash. */
export const equalFacts = (): NewEvent[] => [
  { event_type: 'seat', payload: { a: 1 } },
  { event_type: 'seat', payload: twins(7) },
  { event_type: 'seat', payload: { b: twins(7).b } },
  { event_type: 'seat', payload: { a: 7 } },
  { event_type: 'seat', payload: twins(7) },
  { event_type: 'seat', payload: { list: [twins(7), twins(8)], ...twins(8) } },
  { event_type: ONE, payload: twins(7) },
  { event_type: OTHER, payload: { a: 7 } },
  { event_type: OTHER, payload: {} },
  { event_type: 'seat', payload: { a: valueOfLeaf('a', TYPE_LEAVES.any) } },
  { event_type: 'seat', payload: { a: valueOfLeaf('a', TYPE_LEAVES.overflow) } },
  { event_type: 'seat', payload: { a: MANY } },
];

const predicates = (): unknown[] => [
  twins(7),
  { a: 7 },
  { b: twins(7).b },
  { a: 8 },
  { a: 1, b: twins(1).b },
  { list: [twins(8)] },
  { list: [{ a: 8 }, { b: twins(7).b }] },
  { a: valueOfLeaf('a', TYPE_LEAVES.any) },
  { a: valueOfLeaf('a', TYPE_LEAVES.overflow) },
  { a: [5] },
  {},
];

export const equalQueries = (): EventQuery[] => [
  ...predicates().flatMap((predicate) =>
    [['seat'], [ONE], [OTHER, 'seat'], [ONE, OTHER], null].map((event_types) => ({
      filters: [{ event_types, payload_predicates: [predicate] }],
    })),
  ),
  ...['seat', ONE, OTHER].map((type) => ({ filters: [{ event_types: [type] }] })),
];
