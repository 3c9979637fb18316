import { readFileSync } from 'node:fs';
import { afterEach, expect } from '@jest/globals';
import pg from 'pg';
import type { FactstrError } from '../../../lib/contract/errors.js';
import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options.js';
import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { createDatabase, postgresUrl, runSql, uniqueName } from '../postgres.js';
import type { TestDatabase } from '../postgres.js';

/** A database, the stores that were opened on it, and the roles that were made for it. */
export class StoreDatabase {
  readonly #database: TestDatabase;
  readonly #serverUrl: string;
  readonly #stores: FactstrPostgresStore[] = [];
  readonly #roles: string[] = [];
  /** What streams reported. A test that expects some takes it out. */
  readonly reported: FactstrError[] = [];

  private constructor(database: TestDatabase, serverUrl: string) {
    this.#database = database;
    this.#serverUrl = serverUrl;
  }

  static async create(serverUrl = postgresUrl()): Promise<StoreDatabase> {
    return new StoreDatabase(await createDatabase(serverUrl), serverUrl);
  }

  /** Another database with what is in this one, on which no store may be open. */
  async copy(): Promise<StoreDatabase> {
    const copied = await createDatabase(this.#serverUrl, this.name);
    return new StoreDatabase(copied, this.#serverUrl);
  }

  get name(): string {
    return this.#database.name;
  }

  get url(): string {
    return this.#database.url;
  }

  /** A store, not connected yet. */
  store(options: PostgresStoreOptions = {}, url = this.url): FactstrPostgresStore {
    const store = new FactstrPostgresStore(url, {
      onStreamError: (error) => this.reported.push(error),
      ...options,
    });
    this.#stores.push(store);
    return store;
  }

  /** The database's URL with session settings, as `-c name=value` takes them. */
  urlWith(...settings: string[]): string {
    const url = new URL(this.url);
    url.searchParams.set('options', settings.map((setting) => `-c ${setting}`).join(' '));
    return url.href;
  }

  /** Runs SQL; rows as objects. */
  async rows<T = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<T[]> {
    return (await this.#database.run(sql, values)).rows as T[];
  }

  async run(sql: string): Promise<void> {
    await this.#database.run(sql);
  }

  /** Runs SQL in a transaction of its own, which is rolled back when `until` resolves. */
  hold(sql: string, until: Promise<void>): { begun: Promise<void>; ended: Promise<void> } {
    const client = new pg.Client({ connectionString: this.url });
    const begun = client
      .connect()
      .then(() => client.query(`BEGIN; ${sql}`))
      .then(() => undefined);
    const ended = begun.then(() => until).then(() => client.end());
    return { begun, ended };
  }

  /** A role that may log in, and nothing else; returns its name and the database's URL for it. */
  async role(): Promise<{ role: string; url: string }> {
    const role = uniqueName('factstr_role');
    await this.run(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    this.#roles.push(role);
    return { role, url: this.#database.urlFor(role, 'secret') };
  }

  /** Loads one of the databases that FACTSTR wrote. */
  async loadGolden(version: string): Promise<void> {
    const file = new URL(
      `../../fixtures/factstr-golden/factstr-${version}.postgres.sql`,
      import.meta.url,
    );
    await this.run(readFileSync(file, 'utf8'));
  }

  async dispose(): Promise<void> {
    for (const store of this.#stores) await store.close();
    await this.#database.drop();
    for (const role of this.#roles) await runSql(this.#serverUrl, `DROP ROLE ${role}`);
  }
}

/**
 * Gives each test databases of its own, and fails a test whose streams reported what it did not expect. `before`:
 * what is done ahead of their end.
 */
export function testDatabases(
  before: () => Promise<void> = async () => undefined,
): () => Promise<StoreDatabase> {
  const databases: StoreDatabase[] = [];
  afterEach(async () => {
    await before();
    const disposed = databases.splice(0);
    for (const database of disposed) await database.dispose();
    expect(disposed.flatMap(({ reported }) => reported)).toEqual([]);
  });
  return async () => {
    const database = await StoreDatabase.create();
    databases.push(database);
    return database;
  };
}
