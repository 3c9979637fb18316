import type { JsonValue } from '../../../contract/json-value.js';

type Kind = 'null' | 'array' | 'object' | 'string' | 'number' | 'boolean';

function kind(value: JsonValue): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as Kind;
}

/**
 * The contract's definition of containment, spelled out over flattened statements and independent of the
 * library's matcher.
 */
export function naiveContains(payload: JsonValue, predicate: JsonValue): boolean {
  if (kind(payload) !== kind(predicate)) return false;
  switch (kind(predicate)) {
    case 'null':
      return true;
    case 'array': {
      let found = 0;
      for (const wanted of predicate as JsonValue[]) {
        for (const element of payload as JsonValue[]) {
          if (naiveContains(element, wanted)) {
            found++;
            break;
          }
        }
      }
      return found === (predicate as JsonValue[]).length;
    }
    case 'object': {
      const members = new Map(Object.entries(payload as object)) as Map<string, JsonValue>;
      for (const [name, wanted] of Object.entries(predicate as object)) {
        if (!members.has(name)) return false;
        if (!naiveContains(members.get(name)!, wanted as JsonValue)) return false;
      }
      return true;
    }
    default:
      // Texts and booleans are equal when identical, numbers when their values are: -0 is 0.
      return JSON.stringify(payload) === JSON.stringify(predicate);
  }
}
