import { join } from 'node:path';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import type { Settings } from '../../settings.js';
import { CourseRow } from './course.entity.js';
import { EnrolmentRow } from './enrolment.entity.js';
import { StudentRow } from './student.entity.js';

/** Any number that nothing else in the database uses. */
const SCHEMA_LOCK = 7_164_203;

export function readModelOptions(settings: Settings): DataSourceOptions {
  const entities = [CourseRow, StudentRow, EnrolmentRow];
  if (settings.databaseUrl !== undefined) {
    return { type: 'postgres', url: settings.databaseUrl, entities };
  }
  // A file of its own: this one connection must never hold up, or roll back, an append to the facts.
  const database = join(settings.dataDir, 'read-model.sqlite');
  return { type: 'better-sqlite3', database, enableWAL: true, entities };
}

/** Connects and creates what is missing. Of several processes that start at once, one does. */
export async function openReadModel(options?: DataSourceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(options!).initialize();
  try {
    if (dataSource.options.type === 'postgres') await synchronizeAlone(dataSource);
    else await dataSource.synchronize();
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

async function synchronizeAlone(dataSource: DataSource): Promise<void> {
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [SCHEMA_LOCK]);
    await dataSource.synchronize();
    await lock.query('SELECT pg_advisory_unlock($1)', [SCHEMA_LOCK]);
  } finally {
    await lock.release();
  }
}
