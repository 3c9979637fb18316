import { expect } from '@jest/globals';
import type { EventQuery, NewEvent, QueryResult } from '../../../lib/contract/contract.types.js';
import type { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { LogModel } from '../../support/index/model.js';

/** A context of its own for each round: what was remembered in the one before is of no use. */
export interface Round {
  readonly query: EventQuery;
  /** A fact of the context, and one that is not. */
  readonly match: NewEvent;
  readonly other: NewEvent;
}

/** A log, one store whose doings are interrupted, and another process's. */
export class SharedLog {
  readonly model = new LogModel();

  constructor(
    readonly store: FactstrPostgresStore,
    readonly foreign: FactstrPostgresStore,
  ) {}

  async own(...facts: NewEvent[]): Promise<void> {
    await this.store.append(facts);
    this.model.append(facts);
  }

  async others(...facts: NewEvent[]): Promise<void> {
    await this.foreign.append(facts);
    this.model.append(facts);
  }

  /** The answer is that of one moment between the call and now. */
  expectOfOneMoment(query: EventQuery, before: number, answer: QueryResult): void {
    const all = this.model.numbers(query);
    const after = Number(query.min_sequence_number ?? 0n);
    const answers = [before, ...all.filter((number) => number > before)].map((head) => {
      const context = all.filter((number) => number <= head);
      const rows = context.filter((number) => number > after).join();
      return { rows, version: context.at(-1) ?? null };
    });
    const { event_records: records, current_context_version: version } = answer;
    expect(answers).toContainEqual({
      rows: records.map(({ sequence_number }) => Number(sequence_number)).join(),
      version: version == null ? null : Number(version),
    });
  }

  /** The store decides by the log as it is: an older version is refused, the newest one is not. */
  async expectDecides({ query, match }: Round, read: bigint | null): Promise<void> {
    const actual = this.model.version(query);
    const verdict = await this.store.appendIf([match], query, read);
    if (read === actual) {
      expect(verdict.conflict).toBeNull();
      this.model.append([match]);
      return;
    }
    expect(verdict.conflict).toEqual({
      expected_context_version: read,
      actual_context_version: actual,
    });
    expect((await this.store.appendIf([match], query, actual)).conflict).toBeNull();
    this.model.append([match]);
  }

  /** Memory knows the whole log, without a hole. */
  async expectKnown(): Promise<void> {
    const head = BigInt(this.model.head);
    expect(await this.store.contextIndex()).toEqual({ head, indexed: head });
  }
}
