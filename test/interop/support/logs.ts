import { afterEach, expect } from '@jest/globals';
import type { FactstrStore } from '../../../lib/service/factstr-store.js';
import type { FactStoreOptions } from '../../../lib/streams/streaming-store.js';
import { StoreDatabase } from '../../support/postgres/database.js';
import { TestFolder } from '../../support/sqlite/folder.js';
import { TestProcess } from '../../support/child-process.js';
import { FactstrEngine } from '../../support/engine/engine.js';
import type { Location } from '../../support/engine/engine.js';
import { openStore } from '../../support/engine/open-store.js';

/** What SQL tells of a log, whichever engine wrote it. */
interface Tables {
  rows<T>(sql: string): Promise<T[]>;
  run(sql: string): Promise<void>;
  readonly cursors: { readonly table: string; readonly name: string };
  /** The statements that drop whatever is ours; names of tables and functions. */
  readonly own: string;
}

export interface Cursor {
  event_query: string;
  position: number;
}

/** One log that both engines use. */
export class SharedLog {
  readonly location: Location;
  readonly #tables: Tables;
  readonly #remove: () => Promise<void>;
  readonly #ends: (() => Promise<unknown>)[] = [];
  /** What our streams reported. A test that expects some takes it out. */
  readonly reported: unknown[] = [];

  constructor(location: Location, tables: Tables, remove: () => Promise<void>) {
    this.location = location;
    this.#tables = tables;
    this.#remove = remove;
  }

  /** A store of ours, in this process. */
  store(options: FactStoreOptions = {}): FactstrStore {
    const store = openStore(this.location, {
      onStreamError: (error) => this.reported.push(error),
      ...options,
    });
    this.#ends.push(() => store.close());
    return store;
  }

  /** A process with FACTSTR's store, opened. */
  async engine(): Promise<FactstrEngine> {
    const engine = await this.startEngine();
    await engine.open(this.location);
    return engine;
  }

  /** A process of FACTSTR's that has not opened the log. */
  async startEngine(): Promise<FactstrEngine> {
    const engine = await FactstrEngine.start();
    this.#ends.push(() => engine.kill());
    return engine;
  }

  /** A process of ours. */
  process(script: string, argument: unknown): TestProcess {
    const child = new TestProcess(new URL(`../processes/${script}`, import.meta.url), argument);
    this.#ends.push(() => child.kill());
    return child;
  }

  /** `append_batches` as [first, last]. */
  async batchRows(): Promise<[number, number][]> {
    const rows = await this.#tables.rows<Record<'first' | 'last', unknown>>(
      `SELECT first_sequence_number AS first, last_sequence_number AS last
       FROM append_batches ORDER BY 1`,
    );
    return rows.map(({ first, last }) => [Number(first), Number(last)]);
  }

  /** `store_metadata` as an object. */
  async metadata(): Promise<Record<string, string>> {
    const rows = await this.#tables.rows<{ key: string; value: string }>(
      'SELECT key, value FROM store_metadata',
    );
    return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  }

  /** A durable stream's row, which both engines read and write. */
  async cursor(name: string): Promise<Cursor | undefined> {
    const { cursors } = this.#tables;
    const rows = await this.#tables.rows<{ event_query: string; position: unknown }>(
      `SELECT event_query, last_processed_sequence_number AS position
       FROM ${cursors.table} WHERE ${cursors.name} = '${name}'`,
    );
    return rows.map((row) => ({ ...row, position: Number(row.position) }))[0];
  }

  /** The names of the tables and functions that FACTSTR does not have. */
  async ownObjects(): Promise<string[]> {
    return (await this.#tables.rows<{ name: string }>(this.#tables.own)).map(({ name }) => name);
  }

  /** Drops those of them that `which` chooses. */
  async dropOwn(which: (name: string) => boolean = () => true): Promise<void> {
    const rows = await this.#tables.rows<{ name: string; statement: string }>(this.#tables.own);
    for (const { name, statement } of rows) if (which(name)) await this.#tables.run(statement);
  }

  async dispose(): Promise<void> {
    for (const end of this.#ends.toReversed()) await end();
    await this.#remove();
  }
}

/** Where a log may be, and how to make one. */
export interface LogKind {
  readonly kind: 'SQLite' | 'Postgres';
  create(): Promise<SharedLog>;
}

const sqlite: LogKind = {
  kind: 'SQLite',
  create: async () => {
    const folder = new TestFolder();
    const database = <T>(work: (database: ReturnType<TestFolder['database']>) => T): T => {
      const connection = folder.database();
      try {
        return work(connection);
      } finally {
        connection.close();
      }
    };
    const tables: Tables = {
      rows: async <T>(sql: string) =>
        database((connection) => connection.prepare<[], T>(sql).all()),
      run: async (sql) => database((connection) => void connection.exec(sql)),
      cursors: { table: 'subscriber_cursors', name: 'subscriber_id' },
      own: `SELECT name, 'DROP TABLE ' || name AS statement FROM sqlite_master
            WHERE type = 'table' AND name LIKE 'nestjs_factstr_%'`,
    };
    return new SharedLog({ sqlite: folder.file() }, tables, () => folder.dispose());
  },
};

const postgres: LogKind = {
  kind: 'Postgres',
  create: async () => {
    const database = await StoreDatabase.create();
    const tables: Tables = {
      rows: (sql) => database.rows(sql),
      run: (sql) => database.run(sql),
      cursors: { table: 'durable_stream_cursors', name: 'durable_stream_id' },
      own: `SELECT relname AS name, 'DROP TABLE ' || relname AS statement
            FROM pg_class WHERE relkind = 'r' AND relname LIKE 'nestjs_factstr_%'
            UNION ALL
            SELECT proname, 'DROP FUNCTION ' || oid::regprocedure
            FROM pg_proc WHERE proname LIKE 'nestjs_factstr_%'`,
    };
    return new SharedLog({ postgres: database.url }, tables, () => database.dispose());
  },
};

export const LOG_KINDS: readonly LogKind[] = [sqlite, postgres];

/** Gives each test a log of its own, and fails one whose streams reported what it did not expect. */
export function sharedLogs(kind: LogKind): () => Promise<SharedLog> {
  const created: SharedLog[] = [];
  afterEach(async () => {
    const disposed = created.splice(0);
    for (const log of disposed) await log.dispose();
    expect(disposed.flatMap(({ reported }) => reported)).toEqual([]);
  });
  return async () => {
    const log = await kind.create();
    created.push(log);
    return log;
  };
}
