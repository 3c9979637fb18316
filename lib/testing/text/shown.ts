import { inspect, isDeepStrictEqual } from 'node:util';
import type { NewEvent } from '../../contract/contract.types.js';

/** Places that a difference lists, at most. */
const MAX_PLACES = 12;

/** A value as in source code, bigints included, however deep it is. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 12, breakLength: 100, sorted: true, maxArrayLength: 50 });
}

/** A fact on one line, where it is short. */
export function shownFact({ event_type, payload }: NewEvent): string {
  return `${event_type} ${shown(payload)}`;
}

/** Facts, one a line. */
export function shownFacts(facts: readonly NewEvent[], indent = '  '): string {
  if (facts.length === 0) return `${indent}(none)`;
  return facts
    .map((fact) => `${indent}${shownFact(fact).replaceAll('\n', `\n${indent}`)}`)
    .join('\n');
}

/** Where two values differ, a line for each place; none where they are equal. */
export function differences(expected: unknown, actual: unknown): string[] {
  const places: string[] = [];
  compare(expected, actual, '', places);
  if (places.length <= MAX_PLACES) return places;
  return [...places.slice(0, MAX_PLACES), `… and ${places.length - MAX_PLACES} more places`];
}

function compare(expected: unknown, actual: unknown, path: string, places: string[]): void {
  if (isDeepStrictEqual(expected, actual)) return;
  if (areAlike(expected, actual)) {
    const before = places.length;
    for (const key of keysOf(expected, actual)) {
      const [one, other] = [memberOf(expected, key), memberOf(actual, key)];
      compare(one, other, `${path}${Array.isArray(expected) ? `[${key}]` : `.${key}`}`, places);
    }
    if (places.length > before) return;
  }
  const where = path === '' ? 'the whole' : path.replace(/^\./, '');
  places.push(`${where}: expected ${shown(expected)}, was ${shown(actual)}`);
}

/** Whether two values are compared member by member. */
function areAlike(one: unknown, other: unknown): one is object {
  const plain = [Array.prototype, Object.prototype, null] as unknown[];
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false;
  const prototype: unknown = Object.getPrototypeOf(one);
  if (prototype !== Object.getPrototypeOf(other)) return false;
  // Of other classes those that keep nothing but members.
  return plain.includes(prototype) || Object.keys(one).length > 0;
}

function keysOf(one: object, other: unknown): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other as object)])];
}

function memberOf(value: unknown, key: string): unknown {
  return Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined;
}
