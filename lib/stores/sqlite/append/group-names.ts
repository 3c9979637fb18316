import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteStatement } from '../connection/driver.js';

/** Expired names that each new one removes, at most: more than it adds. */
const MAX_REMOVED_NAMES = 2;

/** The names of the groups that a view has applied. Inside its transactions. */
export class SqliteGroupNames {
  readonly #retention: number;
  readonly #find: SqliteStatement<bigint>;
  readonly #insert: SqliteStatement<never>;
  readonly #remove: SqliteStatement<never>;

  /** @param retention how long a name is kept at least, in milliseconds */
  constructor(connection: SqliteConnection, retention: number) {
    this.#retention = retention;
    this.#find = connection.values(
      'SELECT applied_at FROM nestjs_factstr_view_groups WHERE name = ?',
    );
    // In the place of an expired one that is still there.
    this.#insert = connection.command(
      'INSERT OR REPLACE INTO nestjs_factstr_view_groups (name, applied_at) VALUES (?, ?)',
    );
    this.#remove = connection.command(
      `DELETE FROM nestjs_factstr_view_groups WHERE name IN (
         SELECT name FROM nestjs_factstr_view_groups
         WHERE applied_at < ? ORDER BY applied_at LIMIT ${MAX_REMOVED_NAMES}
       )`,
    );
  }

  /** Whether the name was added before, and has not expired `at` that time, in milliseconds since 1970. */
  has(name: string, at: number): boolean {
    const applied = this.#find.get(name);
    return applied !== undefined && Number(applied) + this.#retention > at;
  }

  add(name: string, at: number): void {
    this.#remove.run(at - this.#retention);
    this.#insert.run(name, at);
  }
}
