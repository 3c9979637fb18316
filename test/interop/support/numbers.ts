import type { JsonValue } from '../../../lib/contract/json-value.js';

/**
 * The value with numbers that serde_json reads from text as they are. Without its feature `float_roundtrip`, which
 * FACTSTR does not ask for, others may come out one unit in the last place off, and what is compared here is text:
 * the program's pipe, and SQLite's payloads.
 */
export function withExactNumbers(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) =>
    typeof part === 'number' ? exactNumber(part) : part,
  ) as JsonValue;
}

/** At most 15 digits, divided by a power of ten that is a double itself, even where all digits are written out. */
function exactNumber(value: number): number {
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const places = (digits.split('.')[1]?.length ?? 0) - Number(exponent);
  if (Math.abs(value) < 1e15 && digits.length < 16 && places <= 22) return value;
  if (Math.abs(value) >= 1e15) return Math.sign(value) * 1.25e22;
  return places > 22 ? Math.sign(value) * 1.25e-7 : Number(value.toPrecision(10));
}
