import { afterEach } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { FactstrMemoryStore } from '../../../lib/stores/memory/store.js';
import type { LeaseOwner } from '../../../lib/cursors/cursor-store.js';
import { PostgresReadModel } from '../../../lib/typeorm/postgres.read-model.js';
import type { ReadModelDatabase } from '../../../lib/projections/transactional/read-model.database.js';
import { SqliteReadModel } from '../../../lib/typeorm/sqlite.read-model.js';
import { TransactionalCommit } from '../../../lib/projections/transactional/transactional-commit.js';
import { testWires } from '../../support/postgres/wired.js';
import type { Wire } from '../../support/postgres/wire.js';
import { EffectRow, effectsOf } from '../../support/fixtures/read-models.js';

export const OWNER: LeaseOwner = {
  id: 'one',
  host: 'here',
  pid: 1,
  boot: null,
  started: null,
};

/** A read model, and a projection's cursor in it, claimed. */
export interface Claimed {
  readonly database: ReadModelDatabase;
  readonly effects: TransactionalCommit;
  readonly epoch: bigint;
  /** The facts that took effect, and where the cursor is. */
  readonly state: () => Promise<{ rows: number[]; position: bigint }>;
}

export interface WiredReadModel extends Claimed {
  readonly wire: Wire;
}

/** The statements of a read model in SQLite. */
export interface Statements {
  /** Which of them fails; `after`: what it asks for is done all the same. */
  fail: (sql: string) => 'before' | 'after' | undefined;
}

export interface SteppedReadModel extends Claimed {
  readonly statements: Statements;
}

async function claim(database: ReadModelDatabase, look: DataSource): Promise<Claimed> {
  const plain = new FactstrMemoryStore().log.cursorStore;
  const effects = new TransactionalCommit(database, plain, false, 1_000);
  await effects.cursorStore.open('book', '{}', 0n);
  const epoch = await effects.cursorStore.claim('book', { epoch: 0n, renewals: 0n }, OWNER, 60_000);
  return {
    database,
    effects,
    epoch: epoch!,
    state: async () => {
      const rows = await look.query<{ position: string }[]>(
        `SELECT last_processed_sequence_number AS position FROM nestjs_factstr_cursors WHERE name = 'book'`,
      );
      return { rows: await effectsOf(look), position: BigInt(rows[0]!.position) };
    },
  };
}

/** Gives each test read models of its own. */
export function testReadModels(): {
  postgres: (options?: { idleTimeout?: number }) => Promise<WiredReadModel>;
  sqlite: () => Promise<SteppedReadModel>;
} {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const one of undo.splice(0).toReversed()) await one();
  });
  const wires = testWires();
  const open = async (options: DataSourceOptions): Promise<DataSource> => {
    const source = await new DataSource(options).initialize();
    undo.push(() => source.destroy());
    return source;
  };
  return {
    postgres: async ({ idleTimeout = 60_000 } = {}) => {
      const { database, wire } = await wires();
      const common = {
        type: 'postgres' as const,
        entities: [EffectRow],
        synchronize: true,
      };
      const look = await open({ ...common, url: database.url });
      const source = await open({
        ...common,
        url: wire.url,
        poolErrorHandler: () => undefined,
      });
      const model = new PostgresReadModel(source, 'the read model', idleTimeout);
      undo.push(() => model.close());
      return { ...(await claim(model, look)), wire };
    },
    sqlite: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'factstr-read-model-'));
      undo.push(() => rm(folder, { recursive: true, force: true }));
      const statements: Statements = { fail: () => undefined };
      const common = {
        type: 'better-sqlite3' as const,
        database: join(folder, 'read-model.sqlite'),
        entities: [EffectRow],
      };
      const look = await open({ ...common, synchronize: true });
      const source = await open({
        ...common,
        prepareDatabase: (connection: Connection) => step(connection, statements),
      });
      const model = new SqliteReadModel(source);
      undo.push(() => model.close());
      return { ...(await claim(model, look)), statements };
    },
  };
}

interface Statement {
  run(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown;
}

interface Connection {
  prepare(sql: string): Statement;
}

/** Lets each statement of a connection be failed as a disk would. */
export function step(connection: Connection, statements: Statements): void {
  const prepare = connection.prepare.bind(connection);
  connection.prepare = (sql) => {
    const statement = prepare(sql);
    return new Proxy(statement, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (key !== 'run' && key !== 'all') return member;
        return (...values: unknown[]) => {
          const fate = statements.fail(sql);
          if (fate === 'before') throw diskError();
          const result = target[key](...values);
          if (fate === 'after') throw diskError();
          return result;
        };
      },
    });
  };
}

function diskError(): Error {
  return Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
}
