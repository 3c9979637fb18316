import { describe, expect } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import type { Material } from '../support/facts/arbitrary.js';
import type { LogModel } from '../support/index/model.js';
import { insertFacts, strayChunks } from '../support/index/postgres-log.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { CHUNKS, SEGMENTS } from '../support/sqlite/index-tables.js';
import { HARMS, itIsRightInRandomRuns } from './suites/random-runs.js';
import type { Harm, RunLog } from './suites/random-runs.js';

const create = testDatabases();

describe('The contexts of a Postgres store', () => {
  itIsRightInRandomRuns(async () => {
    const log = new PostgresRunLog(await create());
    // So that there are tables to be harmed.
    await log.store.connect();
    return log;
  }, 8);
});

class PostgresRunLog implements RunLog {
  readonly #database: StoreDatabase;
  readonly other: FactstrPostgresStore;
  store: FactstrPostgresStore;

  constructor(database: StoreDatabase) {
    this.#database = database;
    this.store = database.store();
    this.other = database.store();
  }

  foreign(facts: NewEvent[]): Promise<void> {
    return insertFacts(this.#database, facts);
  }

  rollback(facts: NewEvent[]): Promise<void> {
    return insertFacts(this.#database, facts, undefined, 'ROLLBACK');
  }

  async reopen(): Promise<void> {
    await this.store.close();
    this.store = this.#database.store();
  }

  async harm(harm: Harm): Promise<void> {
    if (!(await this.#hasTables())) return;
    const damage = `UPDATE ${CHUNKS} SET entries = overlay(entries placing '\\x17' from 100)`;
    await this.#database.run(harm === 'damage-chunks' ? damage : HARMS[harm]);
  }

  /** Tables that were dropped are made anew when something is to be stored: until then, none. */
  async strayChunks(): Promise<number> {
    return (await this.#hasTables()) ? strayChunks(this.#database) : 0;
  }

  /** Each is judged by the log before it, the group's earlier members included. */
  async crowd(count: number, material: Material, model: LogModel): Promise<void> {
    const decisions = await Promise.all(
      Array.from({ length: count }, async () => {
        const query = material.queries[material.below(8)]!;
        const facts = material.draw(1 + material.below(3));
        const expected = model.version(query);
        const store = material.below(3) === 0 ? this.other : this.store;
        return { query, facts, expected, verdict: await store.appendIf(facts, query, expected) };
      }),
    );
    const committed = decisions
      .filter(({ verdict }) => verdict.append_result)
      .sort((left, right) => firstOf(left.verdict) - firstOf(right.verdict));
    const before = model.head;
    for (const { query, facts, expected, verdict } of committed) {
      expect(firstOf(verdict)).toBe(model.head + 1);
      expect({ query, version: model.version(query) }).toEqual({ query, version: expected });
      model.append(facts);
    }
    for (const { query, expected, verdict } of decisions) {
      if (verdict.append_result) continue;
      const actual = Number(verdict.conflict!.actual_context_version);
      expect(model.numbers(query)).toContain(actual);
      expect(actual).toBeGreaterThan(before);
      expect(verdict.conflict!.expected_context_version).toBe(expected);
    }
  }

  async #hasTables(): Promise<boolean> {
    const tables = await this.#database.rows(
      `SELECT FROM pg_tables WHERE tablename IN ('${SEGMENTS}', '${CHUNKS}')`,
    );
    return tables.length === 2;
  }
}

function firstOf(verdict: { append_result?: { first_sequence_number: bigint } | null }): number {
  return Number(verdict.append_result!.first_sequence_number);
}
