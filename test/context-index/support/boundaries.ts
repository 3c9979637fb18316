import { expect } from '@jest/globals';
import type { EventQuery, NewEvent, QueryResult } from '../../../lib/contract/contract.types.js';
import { MAX_SPAN } from '../../../lib/context-index/segments/entries.js';
import { MAX_LEAVES } from '../../../lib/context-index/terms/terms.js';
import type { LogModel } from '../../support/index/model.js';
import { around } from './segments.js';

/** A full tail: an append of so many facts stores a segment of them. */
export const FULL = 1_024;
/** Facts of one slice. One foreign fact more, behind a stored segment, leaves a gap of one number. */
export const SLICE = 8_192;
/** Foreign facts: none beyond 4,096 are read into the tail. */
export const FOREIGN = [4_096, 4_097, SLICE, SLICE + 1];

export type PayloadOf = (number: number) => unknown;

const many = Array.from({ length: MAX_LEAVES + 1 }, (_, n) => n);

export const numbered: PayloadOf = (n) => ({ n });
export const PAYLOADS: [what: string, payload: PayloadOf][] = [
  ['one term each', numbered],
  ['the same one term', () => ({ same: true })],
  ['no term', () => ({})],
  ['texts that are longer in bytes than in characters', (n) => ({ größe: `\u{1f600}日本語${n}` })],
  ['too many leaves, at the cuts', (n) => ({ n, many: n % FULL < 2 ? many : [] })],
  ['a term at the cuts alone', (n) => (n % FULL < 2 ? { cut: n } : {})],
];

/** Consecutive facts that begin after a number. */
export function factsOf(count: number, after = 0, payload: PayloadOf = numbered): NewEvent[] {
  return Array.from({ length: count }, (_, n) => ({
    event_type: 'a',
    payload: payload(after + 1 + n),
  }));
}

/** What a log answers to queries. It stays what it was when facts come to it that no query is about. */
export class Expected {
  readonly queries: readonly EventQuery[];
  readonly #answers: { rows: string; version: bigint | null }[];

  constructor(model: LogModel, queries: readonly EventQuery[]) {
    this.queries = queries;
    this.#answers = queries.map((query) => ({
      rows: model.numbers(query).join(),
      version: model.version(query),
    }));
  }

  async check(store: AskedStore): Promise<void> {
    for (const [index, query] of this.queries.entries()) {
      const answer = await store.query(query);
      expect({
        query,
        rows: answer.event_records.map((record) => record.sequence_number).join(),
        version: answer.current_context_version,
      }).toEqual({ query, ...this.#answers[index] });
    }
  }
}

interface AskedStore {
  query(query: EventQuery): QueryResult | Promise<QueryResult>;
}

/** Queries for the facts at and beside these numbers, for all, and for none. */
export function queriesAt(
  model: LogModel,
  cuts: readonly number[],
  payload: PayloadOf = numbered,
): EventQuery[] {
  const numbers = around(1, ...cuts, model.head).filter((n) => n > 0 && n <= model.head + 1);
  const payload_predicates = [...new Set(numbers)].map((n) => {
    const { many: _, ...predicate } = payload(n) as Record<string, unknown>;
    return predicate;
  });
  return [
    ...payload_predicates.map((predicate) => about(['a'], predicate)),
    about(null, payload_predicates[0]),
    about(null, ...payload_predicates),
    about(['a'], { absent: true }),
    { filters: [{ event_types: ['a'] }] },
  ];
}

export function about(event_types: string[] | null, ...payload_predicates: unknown[]): EventQuery {
  return { filters: [{ event_types, payload_predicates }] };
}

/** Numbers of single facts with gaps between them, up to where offsets end, or just beyond. */
export const GAPS = around(4_096, MAX_SPAN, 2 * MAX_SPAN);
