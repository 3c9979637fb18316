import { describe, expect, it } from '@jest/globals';
import { fact } from 'nestjs-factstr';
import { ADA_IN_ALGEBRA, ALGEBRA, GRACE_IN_ALGEBRA } from '../testing/examples.js';
import { given, refusal } from '../testing/given.js';
import { changeCapacity } from './change-capacity.js';

describe('Changing the capacity of a course', () => {
  const full = [
    fact('course-defined', { ...ALGEBRA, capacity: 2 }),
    fact('student-enrolled', ADA_IN_ALGEBRA),
    fact('student-enrolled', GRACE_IN_ALGEBRA),
  ];
  const toOneSeat = { course_id: 'algebra', capacity: 1 };

  it('is a fact, down to the number of its students', () => {
    for (const capacity of [2, 3]) {
      const command = { course_id: 'algebra', capacity };
      expect(changeCapacity(given(...full), command)).toEqual({
        append: fact('course-capacity-changed', command),
      });
    }
  });

  it('is refused below the number of its students', () => {
    expect(() => changeCapacity(given(...full), toOneSeat)).toThrow(
      refusal(
        'capacity-below-enrolled',
        '“Linear algebra” has 2 students: its capacity cannot be lower.',
      ),
    );
  });

  it('does not count a student after a withdrawal', () => {
    const withdrawn = fact('student-withdrawn', { course_id: 'algebra', student_id: 'ada' });
    const state = given(...full, withdrawn);
    expect(changeCapacity(state, toOneSeat)).toHaveProperty('append');
    expect(() => changeCapacity(state, { ...toOneSeat, capacity: 0 })).toThrow(
      '“Linear algebra” has 1 student: its capacity cannot be lower.',
    );
  });

  it('needs the course', () => {
    expect(() => changeCapacity(given(), toOneSeat)).toThrow(
      refusal('unknown-course', 'No course algebra.'),
    );
  });
});
