import { afterEach, describe, expect, it } from '@jest/globals';
import { FactstrModule, FactstrStore, decisionModel, defineDecision, model } from 'nestjs-factstr';
import type { NewEvent } from 'nestjs-factstr';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import type { ProviderName } from '../support/fixtures/applications.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];

interface Defined {
  capacity: number;
}

const fact = (event_type: string, payload: unknown): NewEvent => ({ event_type, payload });

class CourseFull extends Error {}
class AlreadyEnrolled extends Error {}

const seats = decisionModel('seats', (course_id: string) =>
  model({ capacity: 0, taken: 0 })
    .on('course-defined', { course_id }, (state, { payload }) => ({
      ...state,
      capacity: (payload as Defined).capacity,
    }))
    .on('student-enrolled', { course_id }, (state) => ({ ...state, taken: state.taken + 1 }))
    .on('student-withdrawn', { course_id }, (state) => ({ ...state, taken: state.taken - 1 })),
);

const coursesOf = decisionModel('courses of a student', (student_id: string) =>
  model<{ courses: string[] }>({ courses: [] })
    .on('student-enrolled', { student_id }, ({ courses }, { payload }) => ({
      courses: [...courses, (payload as { course_id: string }).course_id],
    }))
    .on('student-withdrawn', { student_id }, ({ courses }, { payload }) => ({
      courses: courses.filter((id) => id !== (payload as { course_id: string }).course_id),
    })),
);

interface Enrolment {
  course_id: string;
  student_id: string;
}

const enrol = defineDecision(
  ({ course_id, student_id }: Enrolment) => ({
    seats: seats(course_id),
    courses: coursesOf(student_id),
  }),
  ({ seats, courses }, { course_id, student_id }) => {
    if (courses.courses.includes(course_id)) throw new AlreadyEnrolled();
    if (seats.taken >= seats.capacity) throw new CourseFull();
    return { append: fact('student-enrolled', { course_id, student_id }), result: seats.taken + 1 };
  },
);

async function serviceOn(provider: ProviderName): Promise<FactstrStore> {
  const app = await fixtures.app({
    imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
  });
  return app.get(FactstrStore);
}

const define = (course_id: string, capacity: number): NewEvent =>
  fact('course-defined', { course_id, capacity });

describe.each(providers)('A decision with models on %s', (provider) => {
  it('is made on their states, and appended with them as its context', async () => {
    const store = await serviceOn(provider);
    await store.append([define('a', 2), define('b', 1)]);
    const decided = await store.decide(enrol, { course_id: 'a', student_id: 'x' });
    expect(decided).toEqual({
      appended: {
        first_sequence_number: 3n,
        last_sequence_number: 3n,
        committed_count: 1n,
      },
      result: 1,
    });
    expect(await store.decide(enrol, { course_id: 'a', student_id: 'y' })).toMatchObject({
      result: 2,
    });
    await expect(store.decide(enrol, { course_id: 'a', student_id: 'z' })).rejects.toThrow(
      CourseFull,
    );
    await expect(store.decide(enrol, { course_id: 'a', student_id: 'x' })).rejects.toThrow(
      AlreadyEnrolled,
    );
    expect(await store.state(seats('a'))).toEqual({
      state: { capacity: 2, taken: 2 },
      version: 4n,
      head: 4n,
    });
    expect(await store.state(seats('a'), { upTo: 3n })).toMatchObject({
      state: { capacity: 2, taken: 1 },
      version: 3n,
    });
    expect(await store.state(coursesOf('x'))).toMatchObject({
      state: { courses: ['a'] },
      version: 3n,
    });
  });

  it('has 200 students enrol in one course at once', async () => {
    const store = await serviceOn(provider);
    await store.append([define('a', 200)]);
    const decided = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        store.decide(enrol, { course_id: 'a', student_id: `student ${n}` }, { retries: 0 }),
      ),
    );
    expect(decided.map(({ result }) => result)).toEqual(
      Array.from({ length: 200 }, (_, n) => n + 1),
    );
    await expect(
      store.decide(enrol, { course_id: 'a', student_id: 'one more' }, { retries: 0 }),
    ).rejects.toThrow(CourseFull);
  });
});
