import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { Material } from '../support/facts/arbitrary.js';
import { CHUNKS, SEGMENTS } from '../support/sqlite/index-tables.js';
import { LogModel } from '../support/index/model.js';
import { insertFacts } from '../support/index/postgres-log.js';

const RUNS = Number(process.env['INDEX_RUNS'] ?? 8);

const KINDS = ['append', 'other', 'foreign', 'reopen', 'rollback', 'crowd', 'wait'] as const;
const HARMS = {
  drop: `DROP TABLE IF EXISTS ${SEGMENTS}; DROP TABLE IF EXISTS ${CHUNKS}`,
  'drop-chunks': `DROP TABLE IF EXISTS ${CHUNKS}`,
  empty: `DELETE FROM ${SEGMENTS}; DELETE FROM ${CHUNKS}`,
  'lose-chunks': `DELETE FROM ${CHUNKS} WHERE id % 2 = 0`,
  'damage-chunks': `UPDATE ${CHUNKS} SET entries = overlay(entries placing '\\x17' from 100)`,
  'damage-rows': `UPDATE ${SEGMENTS} SET last_sequence_number = last_sequence_number + 1`,
} as const;
type Harm = keyof typeof HARMS;
type Kind = (typeof KINDS)[number] | Harm;

interface Step {
  readonly kind: Kind;
  readonly size: number;
}

const size = fc.constantFrom(1, 1, 2, 7, 100, 900, 1_024, 1_100, 3_000, 9_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), size }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom(...KINDS), size }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom(...(Object.keys(HARMS) as Harm[])), size }),
  },
);

const create = testDatabases();

describe('The contexts of a Postgres store', () => {
  it(
    'are those of the reference matcher, whoever appends and whatever becomes of the index',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 4, maxLength: 14 }),
          fc.integer(),
          async (steps, seed) => {
            const run = new Run(await create(), seed);
            for (const each of steps) await run.take(each);
            await run.finish();
          },
        ),
        { numRuns: RUNS },
      );
    },
    60_000 * RUNS,
  );
});

class Run {
  readonly #database: StoreDatabase;
  readonly #material: Material;
  readonly #model = new LogModel();
  readonly #other: FactstrPostgresStore;
  #store: FactstrPostgresStore;

  constructor(database: StoreDatabase, seed: number) {
    this.#database = database;
    this.#material = new Material(seed);
    this.#store = database.store();
    this.#other = database.store();
  }

  async take({ kind, size: count }: Step): Promise<void> {
    const facts = this.#material.draw(count);
    // So that there are tables to be harmed.
    await this.#store.connect();
    switch (kind) {
      case 'append':
        await this.#store.append(facts);
        this.#model.append(facts);
        break;
      case 'other':
        await this.#other.append(facts);
        this.#model.append(facts);
        break;
      case 'foreign':
        await insertFacts(this.#database, facts);
        this.#model.append(facts);
        break;
      case 'reopen':
        await this.#store.close();
        this.#store = this.#database.store();
        break;
      case 'rollback':
        await insertFacts(this.#database, facts, undefined, 'ROLLBACK');
        break;
      case 'crowd':
        await this.#decideAtOnce(Math.min(count, 40));
        break;
      case 'wait':
        await this.#store.contextsIndexed();
        break;
      default:
        await this.#harm(kind);
    }
    for (const query of this.#material.queries.slice(0, 8)) {
      await this.#model.checkSoon(this.#store, query);
    }
  }

  async finish(): Promise<void> {
    const stores = [this.#store, this.#other];
    for (const store of stores) {
      for (const query of this.#material.queries) await this.#model.checkSoon(store, query);
    }
    await this.#store.contextsIndexed();
    const head = BigInt(this.#model.head);
    expect(await this.#store.contextIndex()).toEqual({ head, indexed: head });
    expect(await this.#strayChunks()).toBe('0');
    for (const store of stores) {
      for (const query of this.#material.queries) await this.#model.checkSoon(store, query);
    }
  }

  /** Chunks of no segment. Tables that were dropped are made anew when something is to be stored: until then, none. */
  async #strayChunks(): Promise<string> {
    const [there] = await this.#database.rows<{ both: boolean }>(
      `SELECT to_regclass('${CHUNKS}') IS NOT NULL AND to_regclass('${SEGMENTS}') IS NOT NULL AS both`,
    );
    if (!there!.both) return '0';
    const [stray] = await this.#database.rows<{ count: string }>(
      `SELECT count(*) FROM ${CHUNKS} WHERE id / 1048576 NOT IN (SELECT id FROM ${SEGMENTS})`,
    );
    return stray!.count;
  }

  /** Decisions that wait together: each is judged by the log before it, the group's earlier members included. */
  async #decideAtOnce(count: number): Promise<void> {
    const decisions = await Promise.all(
      Array.from({ length: count }, async () => {
        const query = this.#material.queries[this.#material.below(8)]!;
        const facts = this.#material.draw(1 + this.#material.below(3));
        const expected = this.#model.version(query);
        const store = this.#material.below(3) === 0 ? this.#other : this.#store;
        return { query, facts, expected, verdict: await store.appendIf(facts, query, expected) };
      }),
    );
    const committed = decisions
      .filter(({ verdict }) => verdict.append_result)
      .sort((left, right) => firstOf(left.verdict) - firstOf(right.verdict));
    const before = this.#model.head;
    for (const { query, facts, expected, verdict } of committed) {
      expect(firstOf(verdict)).toBe(this.#model.head + 1);
      expect({ query, version: this.#model.version(query) }).toEqual({ query, version: expected });
      this.#model.append(facts);
    }
    for (const { query, expected, verdict } of decisions) {
      if (verdict.append_result) continue;
      const actual = Number(verdict.conflict!.actual_context_version);
      expect(this.#model.numbers(query)).toContain(actual);
      expect(actual).toBeGreaterThan(before);
      expect(verdict.conflict!.expected_context_version).toBe(expected);
    }
  }

  async #harm(kind: Harm): Promise<void> {
    const tables = await this.#database.rows(
      `SELECT FROM pg_tables WHERE tablename IN ('${SEGMENTS}', '${CHUNKS}')`,
    );
    if (tables.length === 2) await this.#database.run(HARMS[kind]);
  }
}

function firstOf(verdict: { append_result?: { first_sequence_number: bigint } | null }): number {
  return Number(verdict.append_result!.first_sequence_number);
}
