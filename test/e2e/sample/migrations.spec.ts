import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { DataSourceOptions, QueryRunner } from 'typeorm';
import { CourseRow } from '../../../sample/enrolment/read-model/course.entity.js';
import { CreateReadModel1795737600000 } from '../../../sample/enrolment/read-model/migrations/1795737600000-create-read-model.js';
import {
  openReadModel,
  readModelOptions,
} from '../../../sample/enrolment/read-model/read-model.database.js';
import { STORAGES } from './support/storage.js';
import type { Storage } from './support/storage.js';

class Fails1900000000000 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE half_done (id integer)');
    await runner.query('SELECT no_such_column');
  }

  down(): Promise<void> {
    return Promise.resolve();
  }
}

describe.each(STORAGES)('The migrations of the sample’s read model on $name', ({ create }) => {
  let storage: Storage;
  let options: DataSourceOptions;
  const opened: DataSource[] = [];

  beforeEach(async () => {
    storage = await create();
    options = readModelOptions(storage.settings);
  });

  afterEach(async () => {
    for (const dataSource of opened.splice(0)) await dataSource.destroy();
    await storage?.remove();
  });

  async function open(): Promise<DataSource> {
    const dataSource = await openReadModel(options);
    opened.push(dataSource);
    return dataSource;
  }

  async function missing(dataSource: DataSource): Promise<string[]> {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  }

  it('make what the entities say, and can be undone', async () => {
    const dataSource = await open();
    expect(await missing(dataSource)).toEqual([]);
    await dataSource.undoLastMigration();
    expect((await missing(dataSource)).join()).toMatch(/CREATE TABLE "courses"/);
  });

  it('take over tables that were made without them, rows included', async () => {
    const former = await new DataSource({ ...options, synchronize: true }).initialize();
    const algebra = { course_id: 'algebra', title: 'Linear algebra', capacity: 2 };
    await former.manager.insert(CourseRow, algebra);
    await former.destroy();
    const dataSource = await open();
    expect(await dataSource.manager.find(CourseRow)).toEqual([algebra]);
    expect(await missing(dataSource)).toEqual([]);
  });

  it('are all done or none', async () => {
    const migrations = [CreateReadModel1795737600000, Fails1900000000000];
    const failing = { ...options, migrations, logger: 'debug' as const };
    await expect(openReadModel(failing)).rejects.toThrow('no_such_column');
    const dataSource = await new DataSource({ ...options, migrations: [] }).initialize();
    opened.push(dataSource);
    const runner = dataSource.createQueryRunner();
    expect(await runner.hasTable('courses')).toBe(false);
    expect(await runner.hasTable('half_done')).toBe(false);
    await runner.release();
  });
});
