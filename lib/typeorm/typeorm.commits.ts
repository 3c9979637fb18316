import { statSync } from 'node:fs';
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { InvalidOptionsError } from '../contract/errors.js';
import type { ProjectionCommit } from '../projections/delivery/commit.js';
import type {
  TransactionalCommits,
  TransactionalRequest,
} from '../projections/transactional/transactional-commits.js';
import { worksBehindProxy } from '../support/behind-proxy.js';
import { walkableOf } from '../streams/store-face.js';
import { messages } from './messages.js';
import { PostgresReadModel } from './postgres.read-model.js';
import type { ReadModelDatabase } from '../projections/transactional/read-model.database.js';
import { SqliteReadModel, fileOf } from './sqlite.read-model.js';
import { TransactionalCommit } from '../projections/transactional/transactional-commit.js';

/** A handler's deadline is less than this part of the lease's time: a frozen owner's transaction ends before it. */
const MAX_TIMEOUT_SHARE = 0.8;
/** The default deadline: this part of the lease's time, and at most as many milliseconds. */
const DEFAULT_TIMEOUT_SHARE = 2 / 3;
const MAX_DEFAULT_TIMEOUT_MS = 30_000;

/** The commits of the application's transactional projections, by data source. */
@Injectable()
export class TypeOrmCommits implements TransactionalCommits {
  readonly #moduleRef: ModuleRef;
  readonly #databases = new Map<DataSource, ReadModelDatabase>();
  /** The label of the projection that has a cursor's name, by data source and name. */
  readonly #names = new Map<DataSource, Map<string, string>>();

  constructor(@Inject(ModuleRef) moduleRef: ModuleRef) {
    worksBehindProxy(this);
    this.#moduleRef = moduleRef;
  }

  commitFor(request: TransactionalRequest): ProjectionCommit {
    const { store, label, timeout, hasStart } = request;
    const walkable = walkableOf(store);
    if (walkable === undefined) throw new InvalidOptionsError(messages.noLog(label));
    const { ttl } = walkable.lease;
    const longest = Math.floor(ttl * MAX_TIMEOUT_SHARE);
    if (timeout !== undefined && timeout >= longest) {
      throw new InvalidOptionsError(messages.timeout(label, timeout, longest, ttl));
    }
    const dataSource = this.#dataSource(request);
    this.#take(dataSource, request);
    const database = this.#database(dataSource, request, longest);
    return new TransactionalCommit(
      database,
      walkable.source.cursorStore,
      hasStart,
      Math.min(MAX_DEFAULT_TIMEOUT_MS, Math.floor(ttl * DEFAULT_TIMEOUT_SHARE)),
    );
  }

  async close(): Promise<void> {
    const databases = [...this.#databases.values()];
    this.#databases.clear();
    this.#names.clear();
    await Promise.allSettled(databases.map((database) => database.close()));
  }

  #dataSource({ label, dataSource: name }: TransactionalRequest): DataSource {
    const token = getDataSourceToken(name);
    let found: unknown;
    try {
      found = this.#moduleRef.get<unknown>(token, { strict: false });
    } catch (cause) {
      throw new InvalidOptionsError(messages.noDataSource(label, name), { cause });
    }
    if (!isDataSource(found)) {
      throw new InvalidOptionsError(messages.noDataSourceAtAll(label, name));
    }
    return found;
  }

  #take(dataSource: DataSource, { name, label }: TransactionalRequest): void {
    const names = this.#names.get(dataSource) ?? new Map<string, string>();
    this.#names.set(dataSource, names);
    const other = names.get(name);
    if (other !== undefined) {
      throw new InvalidOptionsError(messages.nameTaken(name, [other, label]));
    }
    names.set(name, label);
  }

  #database(
    dataSource: DataSource,
    request: TransactionalRequest,
    idleTimeout: number,
  ): ReadModelDatabase {
    const { type } = dataSource.options;
    if (type === 'better-sqlite3') checkSqlite(dataSource, request);
    const known = this.#databases.get(dataSource);
    if (known !== undefined) return known;
    if (type !== 'better-sqlite3' && type !== 'postgres') {
      throw new InvalidOptionsError(messages.otherDatabase(request.label, type));
    }
    const database =
      type === 'postgres'
        ? new PostgresReadModel(dataSource, nameOf(dataSource), idleTimeout)
        : new SqliteReadModel(dataSource);
    this.#databases.set(dataSource, database);
    return database;
  }
}

/** Told by the members that are used, not by class: TypeORM may be loaded twice. */
function isDataSource(found: unknown): found is DataSource {
  const { options, createQueryRunner, createEntityManager } = (found ?? {}) as Partial<DataSource>;
  return (
    typeof options === 'object' &&
    options !== null &&
    [createQueryRunner, createEntityManager].every((method) => typeof method === 'function')
  );
}

/** @throws InvalidOptionsError for a database on which effects would not be exactly once, or appends would stand still */
function checkSqlite({ options }: DataSource, { label, storeFile }: TransactionalRequest): void {
  const { database, key, readonly } = options as {
    database?: unknown;
    key?: unknown;
    readonly?: boolean;
  };
  const path = typeof database === 'string' ? database.trim() : '';
  if (path === '' || path === ':memory:' || path.startsWith('file:')) {
    throw new InvalidOptionsError(messages.inMemory(label));
  }
  if (key !== undefined || readonly === true) {
    throw new InvalidOptionsError(messages.sqliteOptions(label));
  }
  if (storeFile !== undefined && isSameFile(fileOf({ options } as DataSource), storeFile)) {
    throw new InvalidOptionsError(messages.sameFile(label, storeFile));
  }
}

/** Whether two paths lead to one file, links included. By `stat`: closing a descriptor of it would drop its locks. */
function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((file) =>
    statSync(file, { throwIfNoEntry: false, bigint: true }),
  );
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

function nameOf({ options }: DataSource): string {
  return `the read model's database ${JSON.stringify(options.database ?? 'of its URL')}`;
}
