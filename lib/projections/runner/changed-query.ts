import type { EventRecord } from '../../contract/contract.types.js';
import { DurableStreamQueryChangedError } from '../../contract/errors.js';
import type { PreparedFilter, PreparedQuery } from '../../contract/validation.js';
import type { CursorStore, StoredStream } from '../../cursors/cursor-store.js';
import { matchesQuery } from '../../matching/matches-query.js';
import { atomsOf, countAtoms } from '../../matching/query-atoms.js';
import type { QueryAtom } from '../../matching/query-atoms.js';
import { queryText, sameMeaning, storedQuery } from '../../matching/query-text.js';
import { checkCursor } from '../../streams/reader/fingerprint.js';
import type { LogSource } from '../../streams/log-source.js';
import type { MatchingFacts } from '../../streams/store-face.js';

/** Facts that are compared with both queries, at most. */
export const MAX_COMPARED_FACTS = 1_000;
/** Facts that are read at a time: where the queries differ, the first ones mostly tell. */
const PAGE_FACTS = 100;
/** Alternatives of a query, at most, and how many are looked up together. */
const MAX_ATOMS = 2_000;
const LOOKED_UP_ATOMS = 16;

/** Where a changed query is compared with the former one. */
export interface ComparedLog {
  readonly source: LogSource;
  /** Absent where the store finds no facts by a query. */
  readonly matching?: MatchingFacts | undefined;
}

/**
 * Proves by the log that a projection's changed query makes no difference: no fact up to its cursor, parked ones
 * included, matches exactly one of the two. Only facts that match an alternative of one query that the other lacks
 * have to be looked at.
 */
export class ChangedQuery {
  readonly #log: ComparedLog;
  readonly #name: string;
  readonly #query: PreparedQuery;
  readonly #cursorStore: CursorStore;
  /** The epoch at which the stored query was this one. */
  #ownSince: bigint | undefined;
  /** Up to where the stored query of this text was found to make no difference. */
  #proven = { text: '', upTo: 0n };

  constructor(log: ComparedLog, name: string, query: PreparedQuery, cursorStore: CursorStore) {
    this.#log = log;
    this.#name = name;
    this.#query = query;
    this.#cursorStore = cursorStore;
  }

  /**
   * Whether to ask for the lease: a query that is refused takes it from nobody. Its owner may move the cursor until
   * then, so that `take` compares again.
   *
   * @throws DurableStreamQueryChangedError, and what `checkCursor` throws
   */
  async admit(stored: StoredStream): Promise<void> {
    const { query_text, position, epoch } = stored;
    if (sameMeaning(query_text, this.#query)) {
      this.#ownSince = epoch;
      return;
    }
    await checkCursor(this.#log.source, this.#name, stored);
    const { text, upTo } = this.#proven;
    await this.#prove(stored, text === query_text && upTo <= position ? upTo : 0n);
    this.#proven = { text: query_text, upTo: position };
  }

  /**
   * Under the lease of `epoch`: stores the query where it is another one. `undefined` where it was this one; `false`
   * where the epoch has passed.
   *
   * @throws DurableStreamQueryChangedError
   */
  async take(stored: StoredStream, epoch: bigint): Promise<boolean | undefined> {
    const { position, query_text: former } = stored;
    if (sameMeaning(former, this.#query)) return undefined;
    await this.#prove(stored, 0n);
    const change = { former, position, queryText: queryText(this.#query) };
    return this.#cursorStore.changeQuery!(this.#name, epoch, change);
  }

  /** `proven`: up to where that was proven before. */
  async #prove({ position, query_text, epoch }: StoredStream, proven: bigint): Promise<void> {
    // Else this process and one of a newer deploy would take it from one another.
    if (this.#ownSince !== undefined && epoch > this.#ownSince) {
      throw this.#refusal('another process has changed it since, as a newer deploy does');
    }
    if (this.#cursorStore.changeQuery === undefined) {
      throw this.#refusal('its cursor store cannot change it');
    }
    const former = storedQuery(query_text);
    if (former === undefined) throw this.#refusal('the former one cannot be read');
    if (Math.max(countAtoms(former), countAtoms(this.#query)) > MAX_ATOMS) {
      throw this.#tooDear(position, `a query has more than ${MAX_ATOMS} alternatives`);
    }
    const differing = differenceOf(atomsOf(former), atomsOf(this.#query));
    if (proven >= position) return;
    let left = MAX_COMPARED_FACTS;
    for (let begin = 0; begin < differing.length; begin += LOOKED_UP_ATOMS) {
      const atoms = differing.slice(begin, begin + LOOKED_UP_ATOMS);
      left = await this.#compare(former, atoms, { after: proven, position, left });
    }
  }

  #refusal(why: string): DurableStreamQueryChangedError {
    return new DurableStreamQueryChangedError(
      `The projection ${JSON.stringify(this.#name)} was run with another query before: ${why}. Two ways out: reset it ` +
        '(FactstrProjections.rebuild), which takes the new query and starts over, or give it a new version or name.',
    );
  }

  /** Returns how many facts may still be compared. */
  async #compare(
    former: PreparedQuery,
    atoms: readonly QueryAtom[],
    { after, position, left }: { after: bigint; position: bigint; left: number },
  ): Promise<number> {
    const query = { filters: atoms.map(filterOf), min_sequence_number: after };
    for (;;) {
      const limit = Math.min(PAGE_FACTS, left + 1);
      const facts = await this.#read(query, position, limit);
      if (facts === undefined)
        throw this.#tooDear(position, 'no index tells the facts that matter from others');
      for (const fact of facts) {
        this.#compareFact(fact, former, position);
        if (--left < 0) {
          throw this.#tooDear(position, `more than ${MAX_COMPARED_FACTS} facts are to be compared`);
        }
      }
      if (facts.length < limit) return left;
      query.min_sequence_number = facts.at(-1)!.sequence_number;
    }
  }

  #compareFact(fact: EventRecord, former: PreparedQuery, position: bigint): void {
    const matched = matchesQuery(fact, former);
    if (matched === matchesQuery(fact, this.#query)) return;
    throw this.#refusal(
      `fact ${fact.sequence_number} (${JSON.stringify(fact.event_type)}), which its cursor at ${position} has passed, matches ` +
        (matched ? 'that one and not the new one' : 'the new one and not that one'),
    );
  }

  /** The first facts after the query's cursor and up to `position` that match; `undefined` where that is too dear. */
  async #read(
    query: PreparedQuery,
    position: bigint,
    limit: number,
  ): Promise<readonly EventRecord[] | undefined> {
    const { source, matching } = this.#log;
    if (matching !== undefined)
      return matching(query, { limit, descending: false, upTo: position });
    if (position > BigInt(MAX_COMPARED_FACTS)) return undefined;
    const batches = await source.readBatches(query.min_sequence_number!, Number(position));
    return batches
      .flatMap(({ event_records }) => event_records)
      .filter((fact) => fact.sequence_number <= position && matchesQuery(fact, query))
      .slice(0, limit);
  }

  #tooDear(position: bigint, why: string): DurableStreamQueryChangedError {
    return this.#refusal(
      `whether they differ up to its cursor at ${position} is too dear to find out (${why})`,
    );
  }
}

/** The alternatives that only one of the two has. */
function differenceOf(left: readonly QueryAtom[], right: readonly QueryAtom[]): QueryAtom[] {
  const [lefts, rights] = [left, right].map((atoms) => new Set(atoms.map(({ text }) => text)));
  return [
    ...left.filter(({ text }) => !rights!.has(text)),
    ...right.filter(({ text }) => !lefts!.has(text)),
  ];
}

function filterOf({ type, predicate }: QueryAtom): PreparedFilter {
  return {
    event_types: type === null ? null : [type],
    payload_predicates: predicate === undefined ? null : [predicate],
  };
}
