import Database from 'better-sqlite3';
import { querySql, runSql } from './run-sql.mjs';

const PREFIX = 'nestjs_factstr_index';

/** Drops the tables of our context index. */
export async function dropIndexTables({ path, url }) {
  if (url !== undefined) {
    const tables = await querySql(
      url,
      `SELECT tablename AS name FROM pg_tables WHERE starts_with(tablename, '${PREFIX}')`,
    );
    await runSql(url, ...tables.map(({ name }) => `DROP TABLE ${name}`));
    return;
  }
  const database = new Database(path);
  const tables = database
    .prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '${PREFIX}*'`)
    .all();
  for (const { name } of tables) database.exec(`DROP TABLE ${name}`);
  database.close();
}
