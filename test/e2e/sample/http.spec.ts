import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { settled } from 'nestjs-factstr/testing';
import { createSampleApp } from './support/sample-app.js';
import type { SampleApp } from './support/sample-app.js';
import { STORAGES } from './support/storage.js';
import type { Storage } from './support/storage.js';

describe.each(STORAGES)('The sample’s HTTP API on $name', ({ create }) => {
  let storage: Storage;
  let app: SampleApp;

  beforeAll(async () => {
    storage = await create();
    app = await createSampleApp(storage.settings);
  });

  afterAll(async () => {
    await app?.close();
    await storage?.remove();
  });

  async function define(course_id: string, capacity: number): Promise<void> {
    await app.http.post('/courses').send({ course_id, title: course_id, capacity }).expect(201);
  }

  async function register(...ids: string[]): Promise<void> {
    for (const student_id of ids) {
      await app.http
        .post('/students')
        .send({ student_id, name: `Name of ${student_id}` })
        .expect(201);
    }
  }

  it('defines, registers and enrols, and answers each with a sequence number', async () => {
    const [course_id, student_id] = ['logic', 'kurt'];
    const course = await app.http.post('/courses').send({ course_id, title: 'Logic', capacity: 3 });
    const student = await app.http.post('/students').send({ student_id, name: 'Kurt' });
    const enrolment = await app.http.post(`/courses/${course_id}/enrolments`).send({ student_id });
    expect([course.status, student.status, enrolment.status]).toEqual([201, 201, 201]);
    const numbers = [course, student, enrolment].map(({ body }) => Number(body.sequence_number));
    expect(numbers).toEqual([numbers[0]!, numbers[0]! + 1, numbers[0]! + 2]);

    const at_least = enrolment.body.sequence_number;
    const courses = await app.http.get('/courses').query({ at_least }).expect(200);
    expect(courses.body.position).toBe(at_least);
    expect(courses.body.courses).toContainEqual({
      course_id,
      title: 'Logic',
      capacity: 3,
      enrolled: 1,
      free_seats: 2,
    });
    const students = await app.http.get('/students').expect(200);
    expect(students.body.students).toContainEqual({ student_id, name: 'Kurt', courses: 1 });
  });

  it('refuses what the rules forbid with 409, the reason and a sentence', async () => {
    await define('small', 1);
    await register('s1', 's2');
    await app.http.post('/courses/small/enrolments').send({ student_id: 's1' }).expect(201);
    const full = await app.http.post('/courses/small/enrolments').send({ student_id: 's2' });
    expect(full.status).toBe(409);
    expect(full.body).toEqual({
      reason: 'course-full',
      message: '“small” is full: its only seat is taken.',
    });
    const twice = await app.http.post('/courses/small/enrolments').send({ student_id: 's1' });
    expect([twice.status, twice.body.reason]).toEqual([409, 'already-enrolled']);
  });

  it('refuses an eleventh course of one student', async () => {
    await register('eager');
    for (let number = 1; number <= 10; number++) {
      await define(`course-${number}`, 5);
      const path = `/courses/course-${number}/enrolments`;
      await app.http.post(path).send({ student_id: 'eager' }).expect(201);
    }
    await define('course-11', 5);
    const answer = await app.http
      .post('/courses/course-11/enrolments')
      .send({ student_id: 'eager' });
    expect([answer.status, answer.body.reason]).toEqual([409, 'too-many-courses']);
  });

  it('changes capacities, but not below the number of enrolled students', async () => {
    await define('growing', 1);
    await register('g1', 'g2');
    await app.http.post('/courses/growing/enrolments').send({ student_id: 'g1' }).expect(201);
    await app.http.patch('/courses/growing/capacity').send({ capacity: 2 }).expect(200);
    await app.http.post('/courses/growing/enrolments').send({ student_id: 'g2' }).expect(201);
    const lower = await app.http.patch('/courses/growing/capacity').send({ capacity: 1 });
    expect([lower.status, lower.body.reason]).toEqual([409, 'capacity-below-enrolled']);
  });

  it('withdraws, which frees the seat and clears the timetable', async () => {
    await define('leaving', 1);
    await register('l1');
    await app.http.post('/courses/leaving/enrolments').send({ student_id: 'l1' }).expect(201);
    const before = await app.http.get('/students/l1/timetable').query({
      at_least: (await app.http.get('/status')).body.head,
    });
    expect(before.body).toMatchObject({
      student_id: 'l1',
      name: 'Name of l1',
      courses: [{ course_id: 'leaving', title: 'leaving' }],
    });
    const { body } = await app.http.delete('/courses/leaving/enrolments/l1').expect(200);
    const after = await app.http
      .get('/students/l1/timetable')
      .query({ at_least: body.sequence_number });
    expect(after.body.courses).toEqual([]);
    const again = await app.http.delete('/courses/leaving/enrolments/l1');
    expect([again.status, again.body.reason]).toEqual([404, 'not-enrolled']);
  });

  it('answers 404 about what does not exist', async () => {
    await define('real', 1);
    const answers = await Promise.all([
      app.http.post('/courses/none/enrolments').send({ student_id: 'nobody' }),
      app.http.post('/courses/real/enrolments').send({ student_id: 'nobody' }),
      app.http.patch('/courses/none/capacity').send({ capacity: 1 }),
      app.http.get('/students/nobody/timetable'),
    ]);
    expect(answers.map(({ status, body }) => [status, body.reason])).toEqual([
      [404, 'unknown-course'],
      [404, 'unknown-student'],
      [404, 'unknown-course'],
      [404, 'unknown-student'],
    ]);
  });

  it('names every malformed field, and writes nothing', async () => {
    const { head } = (await app.http.get('/status')).body;
    const course = { course_id: 'empty', title: '  ', capacity: '2', extra: 1 };
    const answer = await app.http.post('/courses').send(course);
    expect(answer.status).toBe(400);
    expect(answer.body.reason).toBe('invalid-input');
    expect(answer.body.fields).toEqual([
      {
        field: 'title',
        message: 'The title must have 1 to 120 characters, without spaces around them',
      },
      { field: 'capacity', message: 'Seats must be a whole number from 1 to 1000' },
      { field: '', message: expect.stringContaining('extra') },
    ]);
    await app.http.post('/students').send({ student_id: 'x', name: 'a\u0000b' }).expect(400);
    await app.http.post('/students').send({ student_id: 'no spaces', name: 'x' }).expect(400);
    await app.http.get('/students/%00/timetable').expect(400);
    await app.http.get('/courses').query({ at_least: '-1' }).expect(400);
    await app.http.get('/facts').query({ limit: '0' }).expect(400);
    expect((await app.http.get('/status')).body.head).toBe(head);
  });

  it('answers a repeated request as the first time', async () => {
    await define('patient', 1);
    await register('p1');
    const post = (student_id: string) =>
      app.http
        .post('/courses/patient/enrolments')
        .set('Idempotency-Key', 'attempt-1')
        .send({ student_id });
    const [first, second] = [await post('p1'), await post('p1')];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    const other = await post('p2');
    expect([other.status, other.body.reason]).toEqual([422, 'append-id-reused']);
    const course = { course_id: 'patient', title: 'other', capacity: 1 };
    const redefined = await app.http.post('/courses').send(course);
    expect([redefined.status, redefined.body.reason]).toEqual([409, 'course-id-taken']);
  });

  it('opens a waiting list for a full course, and seats the first on it', async () => {
    await define('wanted', 1);
    await register('w1', 'w2', 'w3');
    const wait = (student_id: string) =>
      app.http.post('/courses/wanted/waiting-list').send({ student_id });
    const early = await wait('w2');
    expect([early.status, early.body.reason]).toEqual([409, 'no-waiting-list']);
    await app.http.post('/courses/wanted/enrolments').send({ student_id: 'w1' }).expect(201);
    await settled(app.nest);
    await wait('w2').expect(201);
    await wait('w3').expect(201);
    await app.http.delete('/courses/wanted/enrolments/w1').expect(200);
    await settled(app.nest);
    const { body } = await app.http.get('/students/w2/timetable').expect(200);
    expect(body.courses).toMatchObject([{ course_id: 'wanted' }]);
    const full = await app.http.post('/courses/wanted/enrolments').send({ student_id: 'w1' });
    expect([full.status, full.body.reason]).toEqual([409, 'course-full']);
  });

  it('pages through the log, newest first, without a gap', async () => {
    const { head } = (await app.http.get('/status')).body;
    const seen: number[] = [];
    let before: string | undefined;
    for (;;) {
      const { body } = await app.http
        .get('/facts')
        .query({ limit: 7, ...(before === undefined ? {} : { before }) })
        .expect(200);
      for (const fact of body.facts) {
        expect(fact).toEqual({
          sequence_number: expect.stringMatching(/^\d+$/),
          occurred_at: expect.stringMatching(/Z$/),
          event_type: expect.any(String),
          payload: expect.any(Object),
        });
        seen.push(Number(fact.sequence_number));
      }
      if (body.next_before === null) break;
      before = body.next_before;
    }
    expect(seen).toEqual(Array.from({ length: Number(head) }, (_, index) => Number(head) - index));
  });

  it('tells how far the projection is', async () => {
    const { head } = (await app.http.get('/status')).body;
    await app.http.get('/courses').query({ at_least: head });
    const { body } = await app.http.get('/status').expect(200);
    expect(body.read_model).toEqual({ position: head, lag: '0' });
    expect(body.projections).toEqual([
      expect.objectContaining({ name: 'enrolment-read-model', state: 'live', head }),
      expect.objectContaining({ name: 'waiting-lists', state: 'live', head }),
    ]);
  });

  it('serves its OpenAPI description and the page', async () => {
    const { body } = await app.http.get('/api-json').expect(200);
    expect(Object.keys(body.paths).sort()).toEqual([
      '/courses',
      '/courses/{course_id}/capacity',
      '/courses/{course_id}/enrolments',
      '/courses/{course_id}/enrolments/{student_id}',
      '/courses/{course_id}/waiting-list',
      '/events',
      '/facts',
      '/status',
      '/students',
      '/students/{student_id}/timetable',
    ]);
    const { sequence_number } = body.components.schemas.CommittedDto.properties;
    expect(sequence_number).toMatchObject({ type: 'string', format: 'int64' });
    await app.http.get('/api').expect(200).expect('content-type', /html/);
    const page = await app.http.get('/').expect(200).expect('content-type', /html/);
    expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//);
  });
});
