import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { afterEach } from '@jest/globals';
import type { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import type { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { StoreDatabase } from '../postgres/database.js';
import { TestFolder } from '../sqlite/folder.js';

/** A database that commands work on. */
export interface Operated {
  /** What `--database` takes. */
  readonly target: string;
  /** Opens a store on it, which creates our tables. */
  open(): FactstrSqliteStore | FactstrPostgresStore;
  /** Puts one of FACTSTR's reference databases there. */
  loadGolden(version: string): Promise<void>;
  /** The same database for one who may only read. */
  readOnlyTarget(): Promise<string>;
  /** What is there: another one after any write. No store may be open on SQLite, whose newest facts lie beside the file. */
  digest(): Promise<string>;
  /** Another database with what is in this one, on which no store may be open. */
  copy(): Promise<Operated>;
  /** Runs SQL on a connection of its own. */
  run(sql: string): Promise<void>;
  dispose(): Promise<void>;
}

class SqliteOperated implements Operated {
  readonly folder = new TestFolder();
  readonly target = this.folder.file();

  open(): FactstrSqliteStore {
    return this.folder.open();
  }

  async loadGolden(version: string): Promise<void> {
    this.folder.copyGolden(version);
  }

  async readOnlyTarget(): Promise<string> {
    return this.target;
  }

  async digest(): Promise<string> {
    return createHash('sha256').update(readFileSync(this.target)).digest('hex');
  }

  async copy(): Promise<Operated> {
    const copied = new SqliteOperated();
    copyFileSync(this.target, copied.target);
    return copied;
  }

  async run(sql: string): Promise<void> {
    const database = this.folder.database();
    database.exec(sql);
    database.close();
  }

  dispose(): Promise<void> {
    return this.folder.dispose();
  }
}

const RELATIONS = `SELECT relname, relfilenode::text FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE nspname = 'public' ORDER BY relname`;
const FACTS = `SELECT md5(string_agg(e::text, ',' ORDER BY sequence_number)) FROM events AS e`;

class PostgresOperated implements Operated {
  readonly database: StoreDatabase;

  constructor(database: StoreDatabase) {
    this.database = database;
  }

  get target(): string {
    return this.database.url;
  }

  open(): FactstrPostgresStore {
    return this.database.store();
  }

  loadGolden(version: string): Promise<void> {
    return this.database.loadGolden(version);
  }

  async readOnlyTarget(): Promise<string> {
    const { role, url } = await this.database.role();
    await this.run(
      `GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
    );
    return url;
  }

  async digest(): Promise<string> {
    return JSON.stringify([await this.database.rows(RELATIONS), await this.database.rows(FACTS)]);
  }

  async copy(): Promise<Operated> {
    return new PostgresOperated(await this.database.copy());
  }

  run(sql: string): Promise<void> {
    return this.database.run(sql);
  }

  dispose(): Promise<void> {
    return this.database.dispose();
  }
}

/** The providers that commands work on. */
export const OPERATED = [
  { provider: 'SQLite', create: async (): Promise<Operated> => new SqliteOperated() },
  {
    provider: 'Postgres',
    create: async (): Promise<Operated> => new PostgresOperated(await StoreDatabase.create()),
  },
] as const;

/** Gives each test databases of its own. */
export function operatedDatabases(create: () => Promise<Operated>): () => Promise<Operated> {
  const created: Operated[] = [];
  afterEach(async () => {
    for (const database of created.splice(0)) await database.dispose();
  });
  return async () => {
    const database = await create();
    created.push(database);
    return database;
  };
}
