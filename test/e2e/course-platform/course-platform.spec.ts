import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import request from 'supertest';
import type { Response } from 'supertest';
import type { DataSourceOptions } from 'typeorm';
import {
  FactstrExceptionFilter,
  FactstrJsonInterceptor,
  FactstrModule,
  FactstrStore,
  fact,
  factQuery,
} from 'nestjs-factstr';
import type { FactstrOptions } from 'nestjs-factstr';
import { settled } from 'nestjs-factstr/testing';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import { createDatabase } from '../../support/postgres.js';
import { Certificate } from './platform/certificate.entity.js';
import { platformFacts } from './platform/facts.js';
import { Certificates, Certification, Platform } from './platform/platform.js';

/** Releases, in the opposite order, what a test has taken. */
const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release();
});

async function onSqlite(): Promise<[FactstrOptions, DataSourceOptions]> {
  const folder = await mkdtemp(join(tmpdir(), 'factstr-platform-'));
  releases.push(() => rm(folder, { recursive: true, force: true }));
  return [
    { provider: 'sqlite', path: join(folder, 'facts.sqlite') },
    { type: 'better-sqlite3', database: join(folder, 'read-model.sqlite') },
  ];
}

async function onPostgres(): Promise<[FactstrOptions, DataSourceOptions]> {
  const database = await createDatabase();
  releases.push(() => database.drop());
  const { url } = database;
  return [
    { provider: 'postgres', url },
    { type: 'postgres', url },
  ];
}

describe('The course platform', () => {
  it('has at most 100 lines besides imports and schemas, without a cast or a loop of its own', async () => {
    const file = join(import.meta.dirname, 'platform', 'platform.ts');
    const code = (await readFile(file, 'utf8')).replace(/^import [^]*?;\n/gm, '');
    const lines = code.split('\n').filter((line) => !/^\s*(\/\/.*)?$/.test(line));
    expect(lines.length).toBeLessThanOrEqual(100);
    // `[] as number[]` says what an empty list is of.
    expect(code.replace('[] as number[]', '')).not.toMatch(
      / as |<any>|: any\b|@ts-|!\.|while|retry/,
    );
  });
});

describe.each([
  ['SQLite', onSqlite],
  ['Postgres', onPostgres],
] as const)('The course platform on %s', (_, prepare) => {
  let app: INestApplication;
  let key = 0;

  async function start(): Promise<FactstrStore> {
    const [facts, readModel] = await prepare();
    const module = await Test.createTestingModule({
      imports: [
        FactstrModule.forRoot({ ...facts, facts: platformFacts }),
        TypeOrmModule.forRoot({ ...readModel, entities: [Certificate], synchronize: true }),
        FactstrTypeOrmModule,
      ],
      controllers: [Platform],
      providers: [Certification, Certificates],
    }).compile();
    app = module.createNestApplication();
    app.useGlobalPipes(new StandardSchemaValidationPipe());
    app.useGlobalInterceptors(new FactstrJsonInterceptor());
    app.useGlobalFilters(new FactstrExceptionFilter(app.getHttpAdapter()));
    releases.push(() => app.close());
    await app.listen(0, '127.0.0.1');
    return app.get(FactstrStore);
  }

  async function post(path: string, body: object, id = `key-${++key}`, user = 'ann') {
    const headers = { user, 'idempotency-key': id };
    return request(app.getHttpServer() as never)
      .post(`/${path}`)
      .set(headers)
      .send(body) as Promise<Response>;
  }

  async function register(...students: string[]): Promise<void> {
    for (const student_id of students) {
      expect((await post('students', { student_id, name: student_id })).status).toBe(201);
    }
  }

  it('registers, enrols by capacity and limit, completes, certifies, and lists', async () => {
    const store = await start();
    await store.append([
      fact('course-offered', { course_id: 'c1', title: 'Logic', capacity: 1, lessons: 2 }),
      ...['c2', 'c3', 'c4', 'c5'].map((course_id) =>
        fact('course-offered', { course_id, title: course_id }),
      ),
    ]);
    await register('s1', 's2');
    const refused = (response: Response): unknown => [
      response.status,
      (response.body as { message: string }).message,
    ];
    const enrol = (course_id: string, student_id: string) =>
      post('enrolments', { course_id, student_id });
    expect((await enrol('c1', 's1')).status).toBe(201);
    expect(refused(await enrol('c1', 's2'))).toEqual([409, 'course-full']);
    expect(refused(await enrol('c1', 's1'))).toEqual([409, 'already-enrolled']);
    expect((await enrol('c2', 's1')).status).toBe(201);
    expect((await enrol('c3', 's1')).status).toBe(201);
    expect(refused(await enrol('c4', 's1'))).toEqual([409, 'too-many-courses']);
    expect((await enrol('c4', 's3')).status).toBe(404);
    // Defaults apply on read: the log has no capacity for the others.
    expect((await enrol('c5', 's2')).status).toBe(201);

    const lesson = (number: number) =>
      post('lessons', { course_id: 'c1', student_id: 's1', lesson: number });
    expect((await lesson(1)).status).toBe(201);
    expect((await lesson(3)).status).toBe(404);
    expect((await lesson(2)).status).toBe(201);
    // Completed again: nothing follows.
    expect((await lesson(2)).body).toMatchObject({ appended: null });
    await settled(app);
    const place = { course_id: 'c1', student_id: 's1' };
    const { body } = await request(app.getHttpServer() as never).get('/certificates/s1');
    expect(body).toEqual([{ ...place, title: 'Logic' }]);
    const { event_records } = await store.query(factQuery());
    const issued = event_records.filter(({ event_type }) => event_type === 'certificate-issued');
    expect(issued.map(({ payload }) => payload)).toEqual([{ ...place, title: 'Logic' }]);
  });

  it('answers a repeated request as the first time, and keeps users apart', async () => {
    const store = await start();
    await store.append([fact('course-offered', { course_id: 'c1', title: 'Logic', capacity: 2 })]);
    await register('s1', 's2');
    const place = { course_id: 'c1', student_id: 's1' };
    const [first, twin] = await Promise.all([
      post('enrolments', place, 'same'),
      post('enrolments', place, 'same'),
    ]);
    expect([first.status, twin.status]).toEqual([201, 201]);
    expect(twin.body).toEqual(first.body);
    expect((await post('enrolments', place, 'same')).body).toEqual(first.body);
    const other = await post('enrolments', { ...place, student_id: 's2' }, 'same');
    expect([other.status, (other.body as { code: string }).code]).toEqual([
      422,
      'APPEND_ID_REUSED',
    ]);
    const others = await post('enrolments', { ...place, student_id: 's2' }, 'same', 'bob');
    expect(others.status).toBe(201);
  });

  it('refuses a malformed body before anything is decided', async () => {
    await start();
    expect((await post('students', { student_id: 's1', name: '' })).status).toBe(400);
    expect((await post('enrolments', { course_id: 'c1' })).status).toBe(400);
  });

  it('seats 200 students in a course with 200 seats, who come at once', async () => {
    const store = await start();
    const students = Array.from({ length: 201 }, (_, index) => `s${index}`);
    await store.append([
      fact('course-offered', { course_id: 'c1', title: 'Logic', capacity: 200 }),
      ...students.map((student_id) => fact('student-registered', { student_id, name: student_id })),
    ]);
    const enrol = async (student_id: string) =>
      (await post('enrolments', { course_id: 'c1', student_id })).status;
    const statuses = await Promise.all(students.slice(1).map(enrol));
    expect(statuses.filter((status) => status !== 201)).toEqual([]);
    expect(await enrol('s0')).toBe(409);
  });
});
