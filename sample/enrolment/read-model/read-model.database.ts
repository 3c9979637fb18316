import { join } from 'node:path';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import type { Settings } from '../../settings.js';
import { CourseRow } from './course.entity.js';
import { EnrolmentRow } from './enrolment.entity.js';
import { CreateReadModel1795737600000 } from './migrations/1795737600000-create-read-model.js';
import { migrate } from './migrations/migrate.js';
import { StudentRow } from './student.entity.js';

const SCHEMA = {
  entities: [CourseRow, StudentRow, EnrolmentRow],
  migrations: [CreateReadModel1795737600000],
  migrationsTableName: 'read_model_migrations',
};

export function readModelOptions(settings: Settings): DataSourceOptions {
  if (settings.databaseUrl !== undefined) {
    return { type: 'postgres', url: settings.databaseUrl, ...SCHEMA };
  }
  // A file of its own: this one connection must never hold up, or roll back, an append to the facts. The projection
  // turns on the file's write-ahead log; TypeORM's `enableWAL` would fail when several processes start at once.
  const database = join(settings.dataDir, 'read-model.sqlite');
  return { type: 'better-sqlite3', database, ...SCHEMA };
}

/** Connects, and migrates before anything else uses the tables. */
export async function openReadModel(options?: DataSourceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(options!).initialize();
  try {
    await migrate(dataSource);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
