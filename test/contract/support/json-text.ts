import type { JsonValue } from '../../../lib/contract/json-value.js';

/** Text that is equal exactly for equal values. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`,
  );
  return `{${members.sort().join(',')}}`;
}

/** The same value with its members in another order. */
export function reordered(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${JSON.stringify(reordered(member))}`,
  );
  return JSON.parse(`{${members.toReversed().join(',')}}`) as JsonValue;
}
