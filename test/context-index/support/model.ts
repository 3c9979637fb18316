import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { EventQuery, EventRecord, NewEvent } from '../../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../../lib/contract/limits.js';
import { prepareQuery } from '../../../lib/contract/validation.js';
import { matchesQuery } from '../../../lib/matching/matches-query.js';
import { jsonValue } from '../../conformance/support/json.js';

/** Few types, so that contexts overlap; odd ones among them. */
export const TYPES = ['a', 'b', 'größe', '__proto__', ' '];

const type = fc.constantFrom(...TYPES);
export const newEvent: fc.Arbitrary<NewEvent> = fc.record({ event_type: type, payload: jsonValue });

/** Queries of every shape, about the payloads given: whole ones, parts of them, others. */
export function queriesAbout(payloads: readonly unknown[]): fc.Arbitrary<EventQuery> {
  const predicate = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...payloads).chain(partOf) },
    { weight: 1, arbitrary: jsonValue },
    { weight: 1, arbitrary: fc.constantFrom<unknown>({}, [], null, { a: {} }, { a: [] }, [{}]) },
  );
  const types = fc.oneof(
    { weight: 2, arbitrary: fc.array(type, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
  );
  const predicates = fc.oneof(
    { weight: 5, arbitrary: fc.array(predicate, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
  );
  const filter = fc.record({ event_types: types, payload_predicates: predicates });
  return fc.record({ filters: fc.array(filter, { maxLength: 3 }) }) as fc.Arbitrary<EventQuery>;
}

/** Something that the value contains: some members, some elements, or all of it. */
function partOf(value: unknown): fc.Arbitrary<unknown> {
  if (value === null || typeof value !== 'object') return fc.constant(value);
  if (Array.isArray(value)) {
    return fc
      .subarray(value as unknown[])
      .chain((elements) => fc.tuple(...elements.map(partOf)) as fc.Arbitrary<unknown>);
  }
  const entries = Object.entries(value);
  return fc.subarray(entries).chain((members) =>
    fc
      .tuple(...members.map(([key, member]) => partOf(member).map((part) => [key, part] as const)))
      // Through text: an assignment would take __proto__ for the prototype.
      .map((parts) => {
        const text = parts.map(([key, part]) => `${JSON.stringify(key)}:${JSON.stringify(part)}`);
        return JSON.parse(`{${text.join(',')}}`) as unknown;
      }),
  );
}

/** The log as the reference matcher sees it: what any store has to answer. */
export class LogModel {
  readonly #facts: NewEvent[] = [];

  append(events: readonly NewEvent[]): void {
    this.#facts.push(...events);
  }

  cut(length: number): void {
    this.#facts.length = length;
  }

  get head(): bigint {
    return BigInt(this.#facts.length);
  }

  numbers(query: EventQuery): number[] {
    const prepared = prepareQuery(query, DEFAULT_LIMITS);
    const numbers: number[] = [];
    this.#facts.forEach((fact, index) => {
      if (matchesQuery(fact, prepared)) numbers.push(index + 1);
    });
    return numbers;
  }

  version(query: EventQuery): bigint | null {
    const newest = this.numbers(query).at(-1);
    return newest === undefined ? null : BigInt(newest);
  }

  /** What the store answers is what the model answers, with cursors and limits too. */
  check(store: CheckedStore, query: EventQuery): void {
    const expected = this.numbers(query);
    const { event_records, current_context_version } = store.query(query);
    expect(event_records.map(numberOf)).toEqual(expected);
    expect(current_context_version).toBe(this.version(query));
    for (const record of event_records) {
      expect(record.payload).toEqual(this.#facts[numberOf(record) - 1]!.payload);
    }
    const middle = expected[expected.length >> 1] ?? 0;
    const page = store.queryPage({ ...query, min_sequence_number: BigInt(middle) }, 3);
    expect(page.event_records.map(numberOf)).toEqual(
      expected.filter((number) => number > middle).slice(0, 3),
    );
    expect(page.current_context_version).toBe(this.version(query));
  }

  /** `appendIf` accepts the true version and refuses others. Appends nothing. */
  checkVerdict(store: CheckedStore, query: EventQuery): void {
    const version = this.version(query);
    const wrong = version === null ? 1n : version - 1n;
    expect(store.appendIf([{ event_type: 'a', payload: {} }], query, wrong).conflict).toEqual({
      expected_context_version: wrong,
      actual_context_version: version,
    });
  }
}

/** What is checked of a synchronous store. */
export interface CheckedStore {
  query(query: EventQuery): Answer;
  queryPage(query: EventQuery, limit: number): Answer;
  appendIf(events: NewEvent[], query: EventQuery, expected: bigint | null): { conflict?: unknown };
}

interface Answer {
  readonly event_records: EventRecord[];
  readonly current_context_version?: bigint | null;
}

function numberOf(record: EventRecord): number {
  return Number(record.sequence_number);
}
