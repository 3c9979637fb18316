import { MigrationExecutor } from 'typeorm';
import type { DataSource } from 'typeorm';

/** Any number that nothing else in the database uses. */
const MIGRATION_LOCK = 7_164_203;

/**
 * Runs the migrations that this database lacks, all in one transaction. It begins with a lock: of several processes
 * that start at once, one migrates, and the others wait and then find nothing to do. If it fails, close the data
 * source, which rolls back.
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    if (dataSource.options.type === 'postgres') {
      await runner.query('BEGIN');
      await runner.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    } else {
      await runner.query('BEGIN IMMEDIATE');
    }
    const migrations = new MigrationExecutor(dataSource, runner);
    // The transaction is begun.
    migrations.transaction = 'none';
    await migrations.executePendingMigrations();
    await runner.query('COMMIT');
  } finally {
    await runner.release();
  }
}
