import { recordedAppend } from '../../../lib/contract/append-id.js';
import type { RecordedAppend } from '../../../lib/contract/append-id.js';
import { committed, outcomeOf, refused } from '../../../lib/contract/append-request.js';
import type { AppendIfResult, EventRecord } from '../../../lib/contract/contract.types.js';
import type { PreparedQuery } from '../../../lib/contract/validation.js';
import type { ContextAppend } from '../../../lib/context-index/terms/context-plan.js';
import { matchesQuery } from '../../../lib/matching/matches-query.js';
import type { FollowedGroup, FollowedOutcomes, LogMoment } from '../../../lib/streams/log-view.js';

/** What a view has to come to: nothing is looked up in an index, and nothing is ever removed. */
export class NaiveView {
  readonly facts: EventRecord[] = [];
  /** First numbers of batches. */
  readonly batches: bigint[] = [];
  readonly #ids = new Map<string, RecordedAppend & { readonly until: number }>();
  readonly #names = new Map<string, number>();
  readonly #retention: number;

  constructor(retention: number) {
    this.#retention = retention;
  }

  apply(groups: readonly FollowedGroup[]): FollowedOutcomes[] {
    return groups.map((group) => {
      if (group.name !== null) {
        if ((this.#names.get(group.name) ?? -Infinity) > group.at) return null;
        this.#names.set(group.name, group.at + this.#retention);
      }
      return group.appends.map((append) => outcomeOf(() => this.#judge(append, group)));
    });
  }

  version(query: PreparedQuery): bigint | null {
    return this.facts.findLast((fact) => matchesQuery(fact, query))?.sequence_number ?? null;
  }

  recorded(id: string, at: number): RecordedAppend | undefined {
    const recorded = this.#ids.get(id);
    if (recorded === undefined || recorded.until <= at) return undefined;
    const { until: _, ...known } = recorded;
    return known;
  }

  #judge(append: ContextAppend, { at, occurred_at }: LogMoment): AppendIfResult {
    const { facts, condition, appendId } = append;
    const recorded = appendId === null ? undefined : this.recorded(appendId.id, at);
    if (recorded !== undefined) return committed(recordedAppend(appendId!, recorded));
    if (condition !== null) {
      const actual = this.version(condition.query);
      if (actual !== condition.expected) return refused(condition.expected, actual);
    }
    const first = BigInt(this.facts.length + 1);
    const last = first + BigInt(facts.length - 1);
    this.batches.push(first);
    for (const { event_type, payload } of facts) {
      const sequence_number = BigInt(this.facts.length + 1);
      this.facts.push({ sequence_number, occurred_at, event_type, payload });
    }
    if (appendId !== null) {
      const { id, facts_hash, command_hash, permanent } = appendId;
      const until = permanent ? Infinity : at + this.#retention;
      this.#ids.set(id, { facts_hash, command_hash, first, last, until });
    }
    return committed({
      first_sequence_number: first,
      last_sequence_number: last,
      committed_count: BigInt(facts.length),
    });
  }
}
