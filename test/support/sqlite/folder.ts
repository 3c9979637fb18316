import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import type { SqliteStoreOptions } from '../../../lib/stores/sqlite/options.js';
import { TestProcess } from '../child-process.js';

/** A temporary folder, and all that a test opened in it. */
export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'factstr-sqlite-'));
  readonly #ends: (() => unknown)[] = [];

  file(name = 'facts.sqlite'): string {
    return join(this.path, name);
  }

  open(options?: SqliteStoreOptions, file = this.file()): FactstrSqliteStore {
    const store = new FactstrSqliteStore(file, {
      onStreamError: (error) => {
        throw error;
      },
      ...options,
    });
    this.#ends.push(() => store.close());
    return store;
  }

  /** The driver's own connection, to look from outside, or to be somebody else's. */
  database(file = this.file()): Database.Database {
    const database = new Database(file);
    this.#ends.push(() => database.close());
    return database;
  }

  /** Copies one of FACTSTR's reference databases to this folder's file. */
  copyGolden(version: string): void {
    const golden = `../../fixtures/factstr-golden/factstr-${version}.sqlite`;
    copyFileSync(fileURLToPath(new URL(golden, import.meta.url)), this.file());
  }

  process(script: string, argument: unknown): TestProcess {
    const child = new TestProcess(
      new URL(`../../sqlite/processes/${script}`, import.meta.url),
      argument,
    );
    this.#ends.push(() => child.kill());
    return child;
  }

  async dispose(): Promise<void> {
    for (const end of this.#ends.toReversed()) await end();
    rmSync(this.path, { recursive: true, force: true });
  }
}
