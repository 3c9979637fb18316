import Sqlite from 'better-sqlite3';
import { runSql, uniqueName } from './postgres.js';

/** Copies a database's tables; the result puts them back in the place of what is there then. It may be in use. */
export async function backUpPostgres(url: string): Promise<() => Promise<void>> {
  const copy = uniqueName('copy');
  const tables = await tablesOf(url);
  const copies = tables.map((table) => `CREATE TABLE ${copy}.${table} AS TABLE public.${table};`);
  await runSql(url, `CREATE SCHEMA ${copy}; ${copies.join('')}`);
  return async () => {
    const present = (await tablesOf(url)).map((table) => `public.${table}`);
    const inserts = tables.map(
      (table) => `INSERT INTO public.${table} OVERRIDING SYSTEM VALUE TABLE ${copy}.${table};`,
    );
    await runSql(
      url,
      `TRUNCATE ${present.join(', ')}; ${inserts.join('')} DROP SCHEMA ${copy} CASCADE`,
    );
  };
}

async function tablesOf(url: string): Promise<string[]> {
  const { rows } = await runSql(
    url,
    `SELECT format('%I', tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  return rows.map(({ name }: { name: string }) => name);
}

/** Copies a SQLite database by SQLite's own means, which heed the locks of whatever has the target open. */
export async function copySqlite(from: string, to: string): Promise<void> {
  const source = new Sqlite(from, { readonly: true, timeout: 30_000 });
  try {
    await source.backup(to);
  } finally {
    source.close();
  }
}
