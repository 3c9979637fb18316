import { describe, expect, it } from '@jest/globals';
import { fact } from 'nestjs-factstr';
import { ALGEBRA } from '../testing/examples.js';
import { given, refusal } from '../testing/given.js';
import { defineCourse } from './define-course.js';

describe('Defining a course', () => {
  it('is a fact', () => {
    expect(defineCourse(given(), ALGEBRA)).toEqual({ append: fact('course-defined', ALGEBRA) });
  });

  it('again with the same content leads to the first fact', () => {
    const state = given(
      fact('course-defined', ALGEBRA),
      fact('course-capacity-changed', { course_id: 'algebra', capacity: 5 }),
    );
    expect(defineCourse(state, ALGEBRA)).toEqual({ alreadyAt: 1n });
  });

  it.each([{ title: 'Topology' }, { capacity: 2 }])(
    'again with other content is refused: %j',
    (change) => {
      const state = given(fact('course-defined', ALGEBRA));
      expect(() => defineCourse(state, { ...ALGEBRA, ...change })).toThrow(
        refusal('course-id-taken', 'The course id algebra belongs to “Linear algebra”.'),
      );
    },
  );
});
