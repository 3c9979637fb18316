import type { JsonValue } from '../contract/json-value.js';

/**
 * Whether `payload` contains `predicate`. Object: every key of the predicate is there and its value contained.
 * Array: every element of the predicate is contained in some element. Scalars: equal and of the same JSON type.
 * A scalar never matches an array.
 */
export function containsJson(payload: unknown, predicate: JsonValue): boolean {
  if (predicate === null || typeof predicate !== 'object') return payload === predicate;
  if (payload === null || typeof payload !== 'object') return false;
  if (Array.isArray(predicate)) {
    return (
      Array.isArray(payload) &&
      predicate.every((wanted) => payload.some((element) => containsJson(element, wanted)))
    );
  }
  if (Array.isArray(payload)) return false;
  return Object.keys(predicate).every(
    (key) =>
      // Own members only: a payload has no key "constructor" unless it was stored.
      Object.hasOwn(payload, key) &&
      containsJson((payload as Record<string, unknown>)[key], predicate[key]!),
  );
}

/** Whether two JSON values are equal, whatever the order of their keys. */
export function sameJson(left: JsonValue, right: JsonValue): boolean {
  if (left === null || typeof left !== 'object') return left === right;
  if (right === null || typeof right !== 'object') return false;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((element, index) => sameJson(element, right[index]!))
    );
  }
  if (Array.isArray(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key]!, right[key]!))
  );
}
