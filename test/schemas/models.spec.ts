import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decisionModel, model } from 'nestjs-factstr';
import { KINDS } from './support/services.js';
import { courseFacts } from './support/upcasts.js';

const course = fc.constantFrom('1', '2');
const enrolled = fc.oneof(
  fc.record({
    event_type: fc.constant('student-enrolled'),
    payload: fc.record({ course, id: fc.constant('x') }),
  }),
  fc.record({
    event_type: fc.constant('student-enrolled.v2'),
    payload: fc.record({ course: fc.oneof(course, course.map(Number)), student: fc.constant('y') }),
  }),
  course.map((course_id) =>
    courseFacts.fact('student-enrolled.v3', { course_id, student: { student_id: 'z' }, tags: [] }),
  ),
);

describe.each(KINDS)('Models over facts of former types, on $name', (kind) => {
  it('have the same state, remembered or not, and decide on all of them', async () => {
    const { service, stored } = await kind.open(courseFacts);
    const name = `seats of ${kind.name}`;
    const seats = decisionModel(name, (course_id: string) =>
      model({ taken: 0, students: '' }).on(
        'student-enrolled.v3' as string,
        { course_id },
        (state, { payload }) => ({
          taken: state.taken + 1,
          students:
            state.students + (payload as { student: { student_id: string } }).student.student_id,
        }),
      ),
    );
    const taken = { '1': 0, '2': 0 };
    const numberOf = (event: { payload: unknown }): '1' | '2' => {
      const { course, course_id } = event.payload as { course?: unknown; course_id?: unknown };
      return String(course ?? course_id) as '1' | '2';
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(enrolled, { minLength: 1, maxLength: 3 }),
        course,
        async (more, at) => {
          await stored.append(more);
          for (const event of more) taken[numberOf(event)]++;
          const course_id = at;
          const { state } = await service.state(seats(course_id));
          expect(state.taken).toBe(taken[course_id]);
          expect(state.students).toHaveLength(state.taken);
          const decided = await service.decide(
            { seats: seats(course_id) },
            ({ seats: { taken: now } }) => {
              expect(now).toBe(taken[course_id]);
              return courseFacts.fact('student-enrolled.v3', {
                course_id,
                student: { student_id: 'd' },
                tags: [],
              });
            },
          );
          expect(decided.appended?.committed_count).toBe(1n);
          taken[course_id]++;
        },
      ),
      { numRuns: 30 },
    );
  });
});
