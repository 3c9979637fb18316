import { afterEach, describe, expect, it } from '@jest/globals';
import type Database from 'better-sqlite3';
import fc from 'fast-check';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { Material } from '../support/facts/arbitrary.js';
import {
  CHUNKS,
  SEGMENTS,
  hasTable,
  insertFacts,
  strayChunks,
} from '../support/sqlite/index-tables.js';
import { LogModel } from '../support/index/model.js';

const RUNS = Number(process.env['INDEX_RUNS'] ?? 12);

const KINDS = ['append', 'other', 'foreign', 'reopen', 'rollback', 'wait'] as const;
const HARMS = [
  'drop',
  'drop-chunks',
  'empty',
  'lose-chunks',
  'damage-chunks',
  'damage-rows',
] as const;
type Kind = (typeof KINDS)[number] | (typeof HARMS)[number];

interface Step {
  readonly kind: Kind;
  readonly size: number;
}

const size = fc.constantFrom(1, 1, 2, 7, 100, 900, 1_024, 1_100, 3_000, 9_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), size }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom(...KINDS), size }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom(...HARMS), size }) },
);

describe('The contexts of a SQLite store', () => {
  const folders: TestFolder[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await folder.dispose();
  });

  it(
    'are those of the reference matcher, whoever appends and whatever becomes of the index',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 4, maxLength: 14 }),
          fc.integer(),
          async (steps, seed) => {
            const folder = new TestFolder();
            folders.push(folder);
            const run = new Run(folder, seed);
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
  readonly #folder: TestFolder;
  readonly #material: Material;
  readonly #model = new LogModel();
  readonly #other: FactstrSqliteStore;
  readonly #outside: Database.Database;
  #store: FactstrSqliteStore;

  constructor(folder: TestFolder, seed: number) {
    this.#folder = folder;
    this.#material = new Material(seed);
    this.#store = folder.open();
    this.#other = folder.open();
    this.#outside = folder.database();
  }

  async take({ kind, size: count }: Step): Promise<void> {
    const facts = this.#material.draw(count);
    switch (kind) {
      case 'append':
        this.#store.append(facts);
        this.#model.append(facts);
        break;
      case 'other':
        this.#other.append(facts);
        this.#model.append(facts);
        break;
      case 'foreign':
        insertFacts(this.#outside, facts);
        this.#model.append(facts);
        break;
      case 'reopen':
        void this.#store.close();
        this.#store = this.#folder.open();
        break;
      case 'rollback':
        this.#outside.exec(
          `CREATE TRIGGER refuse BEFORE INSERT ON append_batches BEGIN SELECT raise(ABORT, 'no'); END`,
        );
        expect(() => this.#store.append([...facts, ...facts])).toThrow();
        this.#outside.exec('DROP TRIGGER refuse');
        break;
      case 'wait':
        await this.#store.contextsIndexed();
        break;
      default:
        this.#harm(kind);
    }
    for (const query of this.#material.queries.slice(0, 8)) this.#model.check(this.#store, query);
  }

  async finish(): Promise<void> {
    for (const store of [this.#store, this.#other]) {
      for (const query of this.#material.queries) this.#model.check(store, query);
    }
    await this.#store.contextsIndexed();
    const head = BigInt(this.#model.head);
    expect(this.#store.contextIndex()).toEqual({ head, indexed: head });
    expect(strayChunks(this.#outside)).toBe(0);
    for (const store of [this.#store, this.#other]) {
      for (const query of this.#material.queries) this.#model.check(store, query);
    }
  }

  #harm(kind: Kind): void {
    const place = 1 + this.#material.below(3_000);
    const statements: Partial<Record<Kind, string>> = {
      drop: `DROP TABLE IF EXISTS ${SEGMENTS}; DROP TABLE IF EXISTS ${CHUNKS}`,
      'drop-chunks': `DROP TABLE IF EXISTS ${CHUNKS}`,
      empty: `DELETE FROM ${SEGMENTS}; DELETE FROM ${CHUNKS}`,
      'lose-chunks': `DELETE FROM ${CHUNKS} WHERE id % 2 = 0`,
      'damage-chunks': `UPDATE ${CHUNKS}
        SET entries = CAST(substr(entries, 1, ${place}) || x'17' || substr(entries, ${place} + 2) AS BLOB)`,
      'damage-rows': `UPDATE ${SEGMENTS} SET last_sequence_number = last_sequence_number + 1`,
    };
    if (!hasTable(this.#outside, SEGMENTS) || !hasTable(this.#outside, CHUNKS)) return;
    this.#outside.exec(statements[kind]!);
  }
}
