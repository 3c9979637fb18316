import { statSync } from 'node:fs';
import type { OperatorDatabase, SnapshotReader } from '../database/database.types.js';

/** How much room a database takes, in bytes. */
export interface Sizes {
  /** The whole database: SQLite's file with what lies beside it, all of Postgres's. */
  readonly total: number;
  /** SQLite: the write-ahead log, which is moved into the file from time to time. */
  readonly writeAheadLog?: number;
  /** SQLite: free pages of the file, which are used before it grows. */
  readonly free?: number;
  /** The largest first. Absent where they are not asked for. */
  readonly tables?: readonly TableSize[];
}

export interface TableSize {
  readonly name: string;
  /** With what Postgres keeps aside of large values. */
  readonly data: number;
  readonly indexes: number;
}

/** Bytes up to which every page of a SQLite file is looked at unasked. */
export const MAX_UNASKED_BYTES = 2_000_000_000;

/** @param tables whether the tables are measured: of a SQLite file that reads every page */
export function readSizes(
  database: OperatorDatabase,
  read: SnapshotReader,
  tables?: boolean,
): Promise<Sizes> {
  return read.provider === 'postgres'
    ? postgresSizes(read)
    : sqliteSizes(database.label, read, tables);
}

async function postgresSizes(read: SnapshotReader): Promise<Sizes> {
  const tables: TableSize[] = [];
  const sql = `SELECT c.relname, pg_catalog.pg_table_size(c.oid)::text, pg_catalog.pg_indexes_size(c.oid)::text
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
ORDER BY pg_catalog.pg_total_relation_size(c.oid) DESC, c.relname`;
  for await (const [name, data, indexes] of read.rows(sql, [read.schema])) {
    tables.push({ name: name!, data: Number(data), indexes: Number(indexes) });
  }
  const total = `SELECT pg_catalog.pg_database_size(pg_catalog.current_database())::text`;
  return { total: Number((await read.row(total))![0]), tables };
}

async function sqliteSizes(
  file: string,
  read: SnapshotReader,
  tables: boolean | undefined,
): Promise<Sizes> {
  const [main, writeAheadLog] = [sizeOf(file), sizeOf(`${file}-wal`)];
  const pages = await read.row(
    'SELECT f.freelist_count * p.page_size FROM pragma_freelist_count AS f, pragma_page_size AS p',
  );
  const sizes = { total: main + writeAheadLog, writeAheadLog, free: Number(pages![0]) };
  return (tables ?? main <= MAX_UNASKED_BYTES)
    ? { ...sizes, tables: await sqliteTables(read) }
    : sizes;
}

async function sqliteTables(read: SnapshotReader): Promise<TableSize[]> {
  const sql = `SELECT s.tbl_name,
  sum(CASE WHEN s.type = 'table' THEN d.pgsize ELSE 0 END),
  sum(CASE WHEN s.type = 'index' THEN d.pgsize ELSE 0 END)
FROM dbstat AS d JOIN sqlite_master AS s ON s.name = d.name
WHERE d.aggregate = TRUE GROUP BY s.tbl_name ORDER BY sum(d.pgsize) DESC, s.tbl_name`;
  const tables: TableSize[] = [];
  for await (const [name, data, indexes] of read.rows(sql)) {
    tables.push({ name: name!, data: Number(data), indexes: Number(indexes) });
  }
  return tables;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
