import type {
  AppendIfResult,
  AppendResult,
  EventQuery,
  NewEvent,
} from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import { matchesQuery } from '../../lib/matching/matches-query.js';
import { contentOf } from '../support/history/content.js';

export interface ModelFact extends NewEvent {
  readonly number: number;
}

/** What a query is answered with: numbers and contents, as far as they are to be compared. */
export interface ModelAnswer {
  readonly rows: readonly string[];
  readonly last: bigint | null;
  readonly version: bigint | null;
}

/** An append's verdict, or the code of the error that refuses it. */
export type AppendVerdict = AppendResult | 'APPEND_ID_REUSED';
export type AppendIfVerdict = AppendIfResult | 'APPEND_ID_REUSED';

/** The log as the contract has it: batches of facts, and nothing else that could be wrong. */
export class LogModel {
  readonly batches: ModelFact[][] = [];
  /** The lengths that the log has had, ascending from 0. */
  readonly lengths: number[] = [0];
  readonly #ids = new Map<string, { content: string; result: AppendResult }>();

  get length(): number {
    return this.lengths.at(-1)!;
  }

  append(events: readonly NewEvent[], id: string | undefined): AppendVerdict {
    return this.#named(events, id) ?? this.#commit(events, id);
  }

  appendIf(
    events: readonly NewEvent[],
    query: EventQuery,
    expected: bigint | null,
    id: string | undefined,
  ): AppendIfVerdict {
    const named = this.#named(events, id);
    if (named === 'APPEND_ID_REUSED') return named;
    if (named !== undefined) return { append_result: named, conflict: null };
    const actual = this.version(query);
    if (actual === expected) {
      return { append_result: this.#commit(events, id), conflict: null };
    }
    return {
      append_result: null,
      conflict: { expected_context_version: expected, actual_context_version: actual },
    };
  }

  /** The newest match when the log had `length` facts. */
  version(query: EventQuery, length = this.length): bigint | null {
    const newest = this.#matches(query, length).at(-1);
    return newest === undefined ? null : BigInt(newest.number);
  }

  answer(query: EventQuery, limit: number, length: number): ModelAnswer {
    const after = Number(query.min_sequence_number ?? 0);
    const rows = this.#matches(query, length).filter(({ number }) => number > after);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      rows: page.map(rowText),
      last: last === undefined ? null : BigInt(last.number),
      version: this.version(query, length),
    };
  }

  /** What a stream of this query is given, batch by batch. */
  matchingBatches(query: EventQuery): ModelFact[][] {
    const prepared = prepareQuery(query, DEFAULT_LIMITS);
    return this.batches
      .map((batch) => batch.filter((fact) => matchesQuery(fact, prepared)))
      .filter((matching) => matching.length > 0);
  }

  /** The last number of the batch that a fact is in. */
  endOfBatch(number: number): number {
    return this.lengths.find((length) => length >= number)!;
  }

  #matches(query: EventQuery, length: number): ModelFact[] {
    const facts = this.matchingBatches(query).flat();
    return facts.filter(({ number }) => number <= length);
  }

  #named(events: readonly NewEvent[], id: string | undefined): AppendVerdict | undefined {
    const known = id === undefined ? undefined : this.#ids.get(id);
    if (known === undefined) return undefined;
    return known.content === contentsOf(events) ? known.result : 'APPEND_ID_REUSED';
  }

  #commit(events: readonly NewEvent[], id: string | undefined): AppendResult {
    const first = this.length + 1;
    const batch = events.map(({ event_type, payload }, index) => ({
      number: first + index,
      event_type,
      payload: JSON.parse(JSON.stringify(payload)) as unknown,
    }));
    this.batches.push(batch);
    this.lengths.push(this.length + batch.length);
    const result = {
      first_sequence_number: BigInt(first),
      last_sequence_number: BigInt(this.length),
      committed_count: BigInt(batch.length),
    };
    if (id !== undefined) this.#ids.set(id, { content: contentsOf(events), result });
    return result;
  }
}

/** A fact as text: whatever the order of keys, and whatever the realm of its objects. */
export function rowText(fact: ModelFact): string {
  return `${fact.number} ${contentOf(fact)}`;
}

function contentsOf(events: readonly NewEvent[]): string {
  return events.map(contentOf).join();
}
