import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fact } from 'nestjs-factstr';
import { specifyProjection } from 'nestjs-factstr/testing';
import { READ_MODEL } from '../../../sample/enrolment/read-model/read-model.projection.js';
import { ReadModelQueries } from '../../../sample/enrolment/read-model/read-model.queries.js';
import { createSampleApp } from './support/sample-app.js';
import type { SampleApp } from './support/sample-app.js';
import { STORAGES } from './support/storage.js';
import type { Storage } from './support/storage.js';

describe.each(STORAGES)('The sample’s read model on $name', ({ create }) => {
  let storage: Storage;
  let app: SampleApp;

  beforeEach(async () => {
    storage = await create();
    app = await createSampleApp(storage.settings);
  });
  afterEach(async () => {
    await app?.close();
    await storage?.remove();
  });

  it('counts seats and courses, however its facts come, also after a rebuild', async () => {
    const queries = app.nest.get(ReadModelQueries);
    const view = async () => ({
      courses: await queries.courses(),
      students: await queries.students(),
      timetable: await queries.timetable('ada'),
    });
    await specifyProjection(app.nest, READ_MODEL, { snapshot: view })
      .given(
        fact('course-defined', { course_id: 'logic', title: 'Logic', capacity: 3 }),
        [
          fact('student-registered', { student_id: 'ada', name: 'Ada' }),
          fact('student-registered', { student_id: 'kurt', name: 'Kurt' }),
        ],
        fact('student-enrolled', { course_id: 'logic', student_id: 'ada' }),
        fact('student-enrolled', { course_id: 'logic', student_id: 'kurt' }),
        fact('course-capacity-changed', { course_id: 'logic', capacity: 5 }),
        fact('student-withdrawn', { course_id: 'logic', student_id: 'kurt' }),
      )
      .then(async () => {
        const { courses, students, timetable } = await view();
        expect(courses).toEqual([
          { course_id: 'logic', title: 'Logic', capacity: 5, enrolled: 1, free_seats: 4 },
        ]);
        expect(students).toEqual([
          { student_id: 'ada', name: 'Ada', courses: 1 },
          { student_id: 'kurt', name: 'Kurt', courses: 0 },
        ]);
        expect(timetable).toMatchObject([{ course_id: 'logic', title: 'Logic' }]);
      });
  });
});
