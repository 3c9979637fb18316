import { expect } from '@jest/globals';
import type { EventQuery, EventRecord, NewEvent } from '../../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../../lib/contract/limits.js';
import { prepareQuery } from '../../../lib/contract/validation.js';
import type { PreparedQuery } from '../../../lib/contract/validation.js';
import { matchesQuery } from '../../../lib/matching/matches-query.js';

/** What is checked of a synchronous store. */
export interface CheckedStore {
  query(query: EventQuery): Answer;
  queryPage(query: EventQuery, limit: number): Answer;
  appendIf(events: NewEvent[], query: EventQuery, expected: bigint | null): Verdict;
}

/** The same with promises. */
export interface CheckedAsyncStore {
  query(query: EventQuery): Promise<Answer>;
  queryPage(query: EventQuery, limit: number): Promise<Answer>;
  appendIf(events: NewEvent[], query: EventQuery, expected: bigint | null): Promise<Verdict>;
}

interface Verdict {
  readonly conflict?: unknown;
}

interface Answer {
  readonly event_records: EventRecord[];
  readonly current_context_version?: bigint | null;
}

const PAGE = 3;
/** Of a context with more facts than this the newest ones are read, and at each so-manieth question all of them. */
const MANY = 1_000;
const BETWEEN_WHOLE_READS = 8;
const REFUSED: NewEvent[] = [{ event_type: 'refused', payload: {} }];

interface Expected {
  readonly rows: EventQuery;
  readonly page: EventQuery;
  readonly wrong: bigint;
  readonly answers: object;
}

interface NumberedFact {
  readonly number: number;
  readonly event: NewEvent;
}

/**
 * The log as the reference matcher sees it: what any store has to answer. A query is asked again and again while the
 * log grows: each fact is compared with it once.
 */
export class LogModel {
  readonly #facts: NumberedFact[] = [];
  #found = new WeakMap<EventQuery, Found>();
  #large = 0;

  append(events: readonly NewEvent[]): void {
    for (const event of events) this.insert(this.head + 1, event);
  }

  insert(number: number, event: NewEvent): void {
    this.#facts.push({ number, event });
  }

  /** Puts a fact in at a number: those from there on come after it. */
  insertBefore(number: number, event: NewEvent): void {
    const later = this.#facts.splice(this.#facts.findIndex((fact) => fact.number >= number) >>> 0);
    this.insert(number, event);
    for (const fact of later) this.insert(fact.number + 1, fact.event);
    this.#found = new WeakMap();
  }

  /** Removes the facts after a number. */
  cut(head: number): void {
    while (this.head > head) this.#facts.pop();
    this.#found = new WeakMap();
  }

  get head(): number {
    return this.#facts.at(-1)?.number ?? 0;
  }

  /** The numbers of the matching facts up to `head`. */
  numbers(query: EventQuery, head = Infinity): number[] {
    let found = this.#found.get(query);
    if (found === undefined) this.#found.set(query, (found = new Found(query)));
    found.look(this.#facts);
    const { numbers } = found;
    return head >= (numbers.at(-1) ?? 0)
      ? [...numbers]
      : numbers.filter((number) => number <= head);
  }

  has(query: EventQuery, number: number): boolean {
    return this.numbers(query).includes(number);
  }

  version(query: EventQuery, head?: number): bigint | null {
    const newest = this.numbers(query, head).at(-1);
    return newest === undefined ? null : BigInt(newest);
  }

  /** An event that others are equal to: each is compared with a query once, however often it comes. */
  static shared(): (event_type: string, payload: string) => NewEvent {
    const events = new Map<string, NewEvent>();
    return (event_type, payload) => {
      const key = `${event_type} ${payload}`;
      let event = events.get(key);
      if (event === undefined) {
        events.set(key, (event = { event_type, payload: JSON.parse(payload) as unknown }));
      }
      return event;
    };
  }

  /** The store answers as the model does: rows, version, a page after a cursor, a refused verdict. */
  check(store: CheckedStore, query: EventQuery): void {
    const { rows, page, wrong, answers } = this.#expected(query);
    expectAnswers(
      store.query(rows),
      store.queryPage(page, PAGE),
      store.appendIf(REFUSED, query, wrong),
      answers,
    );
  }

  /** The same; each call is awaited before the next one. */
  async checkSoon(store: CheckedStore | CheckedAsyncStore, query: EventQuery): Promise<void> {
    const { rows, page, wrong, answers } = this.#expected(query);
    const whole = await store.query(rows);
    const part = await store.queryPage(page, PAGE);
    expectAnswers(whole, part, await store.appendIf(REFUSED, query, wrong), answers);
  }

  #expected(query: EventQuery): Expected {
    const numbers = this.numbers(query);
    const version = numbers.length === 0 ? null : BigInt(numbers.at(-1)!);
    const middle = numbers[numbers.length >> 1] ?? 0;
    const wrong = version === null ? 1n : version - 1n;
    const isWhole = numbers.length <= MANY || this.#large++ % BETWEEN_WHOLE_READS === 0;
    return {
      rows: isWhole ? query : { ...query, min_sequence_number: BigInt(numbers.at(-MANY - 1)!) },
      page: { ...query, min_sequence_number: BigInt(middle) },
      wrong,
      answers: {
        rows: (isWhole ? numbers : numbers.slice(-MANY)).join(),
        version,
        page: numbers.filter((number) => number > middle).slice(0, PAGE),
        pageVersion: version,
        verdict: { expected_context_version: wrong, actual_context_version: version },
      },
    };
  }
}

/** What a query has found so far. */
class Found {
  readonly numbers: number[] = [];
  readonly #query: PreparedQuery;
  /** Tests append the same few events many times. */
  readonly #matches = new Map<NewEvent, boolean>();
  #looked = 0;

  constructor(query: EventQuery) {
    this.#query = prepareQuery(query, DEFAULT_LIMITS);
  }

  /** Compares the facts that have come since the last look. */
  look(facts: readonly NumberedFact[]): void {
    for (; this.#looked < facts.length; this.#looked++) {
      const { number, event } = facts[this.#looked]!;
      let matches = this.#matches.get(event);
      if (matches === undefined) {
        this.#matches.set(event, (matches = matchesQuery(event, this.#query)));
      }
      if (matches) this.numbers.push(number);
    }
  }
}

/** As text: comparing thousands of values one by one takes longer than all the look-ups. */
function expectAnswers(whole: Answer, page: Answer, { conflict }: Verdict, answers: object): void {
  expect({
    rows: numbersOf(whole).join(),
    version: whole.current_context_version,
    page: numbersOf(page),
    pageVersion: page.current_context_version,
    verdict: conflict,
  }).toEqual(answers);
}

function numbersOf({ event_records }: Answer): number[] {
  return event_records.map((record) => Number(record.sequence_number));
}
