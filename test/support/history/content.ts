import { hash } from 'node:crypto';
import type { LoggedFact, RecordedEvent } from './history.types.js';

/** A fact's type and payload as text, whatever the order of keys. */
export function contentOf({ event_type, payload }: RecordedEvent): string {
  return JSON.stringify([event_type, sorted(payload)]);
}

/** Of numbers, types and payloads: what an answer's rows are compared by. */
export function digestOf(facts: readonly LoggedFact[]): string {
  return digestOfLines(facts.map(lineOf));
}

export function lineOf(fact: LoggedFact): string {
  return `${fact.sequence_number} ${contentOf(fact)}`;
}

export function digestOfLines(lines: readonly string[]): string {
  return hash('sha256', lines.join('\n')).slice(0, 32);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return { '': entries.map(([key, member]) => [key, sorted(member)]) };
}
