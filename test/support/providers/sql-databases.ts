import type { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import type { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import type { FactStoreOptions } from '../../../lib/streams/streaming-store.js';
import { StoreDatabase } from '../postgres/database.js';
import { TestFolder } from '../sqlite/folder.js';

/** A database whose tables a test looks at, and changes as processes of another release would. */
export interface SqlDatabase {
  open(options?: FactStoreOptions): FactstrSqliteStore | FactstrPostgresStore;
  run(sql: string): Promise<unknown>;
  rows(sql: string): Promise<unknown[]>;
  dispose(): Promise<void>;
}

export const SQL_DATABASES = {
  sqlite: async (): Promise<SqlDatabase> => {
    const folder = new TestFolder();
    return {
      open: (options) => folder.open(options),
      run: async (sql) => folder.database().exec(sql),
      rows: async (sql) => folder.database().prepare(sql).all(),
      dispose: () => folder.dispose(),
    };
  },
  postgres: async (): Promise<SqlDatabase> => {
    const database = await StoreDatabase.create();
    return {
      open: (options) => database.store(options),
      run: (sql) => database.run(sql),
      rows: (sql) => database.rows(sql),
      dispose: () => database.dispose(),
    };
  },
};
