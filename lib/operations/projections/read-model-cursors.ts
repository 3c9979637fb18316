import type { CursorStore } from '../../cursors/cursor-store.js';
import { cursorSql } from '../../cursors/sql/cursor-sql.js';
import { READ_MODEL_TABLES, namedTables } from '../../cursors/sql/cursor-tables.js';
import { SqlCursorStore } from '../../cursors/sql/sql-cursor-store.js';
import type { SqlRow, SqlRunner } from '../../cursors/sql/sql-steps.js';
import type { OperatorDatabase } from '../database/database.types.js';
import { BusyRetry } from '../../stores/sqlite/connection/busy.js';
import { LazyConnection } from '../../stores/sqlite/connection/lazy-connection.js';
import { SqliteStepRunner } from '../../stores/sqlite/cursors/step-runner.js';
import { PostgresDatabase } from '../../stores/postgres/connection/database.js';
import { loadDriver } from '../../stores/postgres/connection/driver.js';
import { quoteIdentifier } from '../../stores/postgres/connection/sql-text.js';
import { parseTarget } from '../../stores/postgres/connection/target.js';
import { resolvePostgresOptions } from '../../stores/postgres/options.js';

/** The cursors beside a read model, to be written. */
export interface ReadModelCursors {
  readonly cursors: Pick<CursorStore, 'find' | 'intervene' | 'ask' | 'interventions'>;
  close(): Promise<void>;
}

/** How long another process's lock is waited for, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/** Opens the cursors of a read model's database that is there, and creates nothing. */
export async function openReadModelCursors(database: OperatorDatabase): Promise<ReadModelCursors> {
  const { runner, close } =
    database.provider === 'sqlite' ? sqlite(database.label) : await postgres(database.target);
  const schema = await database.snapshot(async (read) => quoteIdentifier(read.schema));
  const tables = namedTables(READ_MODEL_TABLES, (table) => `${schema}.${table}`);
  return { cursors: new SqlCursorStore(cursorSql(database.provider, tables), runner), close };
}

function sqlite(file: string): { runner: SqlRunner; close: () => Promise<void> } {
  const connection = new LazyConnection(file);
  const retry = new BusyRetry(file, BUSY_TIMEOUT_MS, () => undefined);
  return {
    runner: new SqliteStepRunner(connection, retry),
    close: async () => connection.close(),
  };
}

async function postgres(
  target: string,
): Promise<{ runner: SqlRunner; close: () => Promise<void> }> {
  const options = resolvePostgresOptions({
    pool: { max: 2, application_name: 'nestjs-factstr cli' },
  });
  const database = await PostgresDatabase.open(await loadDriver(), parseTarget(target), options);
  return {
    runner: {
      dialect: 'postgres',
      run: (steps) =>
        database.transaction('Keeping a projection', async (run) => {
          const results: SqlRow[][] = [];
          for (const { sql, values } of steps) results.push(await run({ text: sql, values }));
          return results;
        }),
    },
    close: () => database.end(),
  };
}
