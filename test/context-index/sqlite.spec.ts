import { afterEach, describe, expect } from '@jest/globals';
import type Database from 'better-sqlite3';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import type { Material } from '../support/facts/arbitrary.js';
import { TestFolder } from '../support/sqlite/folder.js';
import {
  CHUNKS,
  SEGMENTS,
  hasTable,
  insertFacts,
  strayChunks,
} from '../support/sqlite/index-tables.js';
import { HARMS, itIsRightInRandomRuns } from './suites/random-runs.js';
import type { Harm, RunLog } from './suites/random-runs.js';

describe('The contexts of a SQLite store', () => {
  const folders: TestFolder[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await folder.dispose();
  });

  itIsRightInRandomRuns(() => {
    const folder = new TestFolder();
    folders.push(folder);
    return new SqliteRunLog(folder);
  }, 12);
});

class SqliteRunLog implements RunLog {
  readonly #folder: TestFolder;
  readonly #outside: Database.Database;
  readonly other: FactstrSqliteStore;
  store: FactstrSqliteStore;

  constructor(folder: TestFolder) {
    this.#folder = folder;
    this.store = folder.open();
    this.other = folder.open();
    this.#outside = folder.database();
  }

  foreign(facts: NewEvent[]): void {
    insertFacts(this.#outside, facts);
  }

  rollback(facts: NewEvent[]): void {
    this.#outside.exec(
      `CREATE TRIGGER refuse BEFORE INSERT ON append_batches BEGIN SELECT raise(ABORT, 'no'); END`,
    );
    expect(() => this.store.append([...facts, ...facts])).toThrow();
    this.#outside.exec('DROP TRIGGER refuse');
  }

  reopen(): void {
    void this.store.close();
    this.store = this.#folder.open();
  }

  harm(harm: Harm, material: Material): void {
    const place = 1 + material.below(3_000);
    const damage = `UPDATE ${CHUNKS}
      SET entries = CAST(substr(entries, 1, ${place}) || x'17' || substr(entries, ${place} + 2) AS BLOB)`;
    if (!hasTable(this.#outside, SEGMENTS) || !hasTable(this.#outside, CHUNKS)) return;
    this.#outside.exec(harm === 'damage-chunks' ? damage : HARMS[harm]);
  }

  strayChunks(): number {
    return strayChunks(this.#outside);
  }
}
