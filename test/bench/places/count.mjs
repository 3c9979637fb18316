import Database from 'better-sqlite3';
import { querySql } from './run-sql.mjs';

/** How many rows a table has, asked beside the contestant. */
export async function countRows({ path, url }, table) {
  const statement = `SELECT count(*) AS count FROM ${table}`;
  if (url !== undefined) return Number((await querySql(url, statement))[0].count);
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare(statement).get().count;
  } finally {
    database.close();
  }
}
