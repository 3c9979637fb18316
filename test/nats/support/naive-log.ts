import { matchesQuery } from '../../../lib/matching/matches-query.js';
import type { PreparedQuery } from '../../../lib/contract/validation.js';
import type { JsonValue } from '../../../lib/contract/json-value.js';
import type { BatchRow, LoggedFact } from '../../support/history/history.types.js';

type Filters = PreparedQuery['filters'];

/** What became of one append of a message at its place: numbers, or a conflict. */
export type NaiveVerdict =
  | { readonly kind: 'committed' | 'repeated'; readonly first: number; readonly last: number }
  | { readonly kind: 'conflict'; readonly actual: number | null }
  | { readonly kind: 'reused' };

interface Context {
  readonly filters: Filters;
  newest: number | null;
}

/**
 * The log of a stream's messages by the shortest way: no index, no view, none of the code that writes or reads
 * messages. The only thing that it shares with the store is the reference matcher.
 */
export class NaiveLog {
  readonly facts: LoggedFact[] = [];
  readonly batches: BatchRow[] = [];
  /** Verdicts by the appends' facts, as `contentOf` has the first of each. */
  readonly verdicts = new Map<string, NaiveVerdict[]>();
  /** Messages that the log holds twice. */
  repeatedMessages = 0;
  messages = 0;
  readonly #names = new Set<string>();
  readonly #ids = new Map<string, { hash: string; first: number; last: number }>();
  readonly #contexts = new Map<string, Context>();

  /** Takes the next message; the first one only names the log. */
  take(text: string): NaiveVerdict[] {
    if (this.messages++ === 0) return [];
    const [head, ...lines] = text.split('\n');
    const { name, appends } = JSON.parse(head!) as { name: string; appends: number };
    if (this.#names.has(name)) {
      this.repeatedMessages++;
      return [];
    }
    this.#names.add(name);
    return Array.from({ length: appends }, () => {
      const append = JSON.parse(lines.shift()!) as {
        facts: number;
        if?: Filters;
        version?: string | null;
        id?: string;
        facts_hash?: string;
      };
      const facts = Array.from({ length: append.facts }, () => {
        const event_type = JSON.parse(lines.shift()!) as string;
        return { event_type, payload: JSON.parse(lines.shift()!) as unknown };
      });
      const verdict = this.#judge(append, facts);
      const key = JSON.stringify(facts[0]!.payload);
      this.verdicts.set(key, [...(this.verdicts.get(key) ?? []), verdict]);
      return verdict;
    });
  }

  #judge(
    {
      if: filters,
      version,
      id,
      facts_hash: hash = '',
    }: { if?: Filters; version?: string | null; id?: string; facts_hash?: string },
    facts: readonly Omit<LoggedFact, 'sequence_number'>[],
  ): NaiveVerdict {
    const before = id === undefined ? undefined : this.#ids.get(id);
    if (before !== undefined) {
      const { first, last } = before;
      return before.hash === hash ? { kind: 'repeated', first, last } : { kind: 'reused' };
    }
    if (filters !== undefined) {
      const actual = this.#newest(filters);
      const expected = typeof version === 'string' ? Number(version) : null;
      if (actual !== expected) return { kind: 'conflict', actual };
    }
    const first = this.facts.length + 1;
    for (const fact of facts) {
      const sequence_number = this.facts.length + 1;
      this.facts.push({ ...fact, sequence_number });
      for (const context of this.#contexts.values()) {
        if (matches(fact, context.filters)) context.newest = sequence_number;
      }
    }
    const last = this.facts.length;
    this.batches.push([first, last]);
    if (id !== undefined) this.#ids.set(id, { hash, first, last });
    return { kind: 'committed', first, last };
  }

  /** Looked up once per context, and kept up to date from then on. */
  #newest(filters: Filters): number | null {
    const key = JSON.stringify(filters);
    let context = this.#contexts.get(key);
    if (context === undefined) {
      const newest = this.facts.findLast((fact) => matches(fact, filters));
      context = { filters, newest: newest?.sequence_number ?? null };
      this.#contexts.set(key, context);
    }
    return context.newest;
  }
}

function matches(
  { event_type, payload }: Omit<LoggedFact, 'sequence_number'>,
  filters: Filters,
): boolean {
  const fact = { event_type, payload: payload as JsonValue };
  return matchesQuery(fact, { filters, min_sequence_number: null });
}
