import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { runSql } from '../../support/postgres.js';
import { call, prepareCourse } from './support/api.js';
import type { Answer } from './support/api.js';
import { startSample } from './support/sample-process.js';
import type { SampleProcess } from './support/sample-process.js';
import { STORAGES } from './support/storage.js';
import type { Storage } from './support/storage.js';

/** Changes the read model behind the application's back, while it is down. */
async function tamper(storage: Storage, sql: string[]): Promise<void> {
  const { DATABASE_URL, DATA_DIR } = storage.env;
  if (DATABASE_URL !== undefined) {
    await runSql(DATABASE_URL, sql.join(';'));
    return;
  }
  const database = new Database(join(DATA_DIR!, 'read-model.sqlite'));
  database.exec(sql.join(';'));
  database.close();
}

describe.each(STORAGES)('A restart of the sample on $name', ({ create }) => {
  let storage: Storage;
  let sample: SampleProcess;

  beforeEach(async () => {
    storage = await create();
    sample = await startSample(storage.env);
  });

  afterEach(async () => {
    await sample?.stop();
    await storage?.remove();
  });

  async function enrol(number: number): Promise<Answer> {
    const student = { student_id: `student-${number}` };
    return call(sample.url, 'POST', '/courses/algebra/enrolments', student);
  }

  async function courses(at_least: string): Promise<Answer['body']> {
    return (await call(sample.url, 'GET', `/courses?at_least=${at_least}`)).body;
  }

  it('finds everything as it was, also after a kill', async () => {
    await prepareCourse(sample.url, 2, 3);
    await enrol(1);
    const { body } = await enrol(2);
    const before = await courses(body.sequence_number);
    expect(before.courses).toMatchObject([{ title: 'Linear algebra', free_seats: 0 }]);
    const facts = await call(sample.url, 'GET', '/facts');

    await sample.stop('SIGKILL');
    sample = await startSample(storage.env);
    expect(await courses(body.sequence_number)).toEqual(before);
    expect(await call(sample.url, 'GET', '/facts')).toEqual(facts);
    const third = await enrol(3);
    expect([third.status, third.body.reason]).toEqual([409, 'course-full']);
  });

  it('lets the projection go on from its cursor, and deliver nothing again', async () => {
    await prepareCourse(sample.url, 2, 2);
    const first = await enrol(1);
    await courses(first.body.sequence_number);
    await sample.stop();

    // Whatever is delivered again would overwrite the title.
    await tamper(storage, ["UPDATE courses SET title = 'Not replayed'"]);
    sample = await startSample(storage.env);
    const second = await enrol(2);
    const { position, courses: views } = await courses(second.body.sequence_number);
    // The waiting list that opens may be there already.
    expect(BigInt(position)).toBeGreaterThanOrEqual(BigInt(second.body.sequence_number));
    expect(views).toMatchObject([{ title: 'Not replayed', free_seats: 0 }]);
  });
});
