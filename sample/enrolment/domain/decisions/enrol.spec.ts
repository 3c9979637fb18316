import { describe, expect, it } from '@jest/globals';
import { fact } from 'nestjs-factstr';
import { ADA, ADA_IN_ALGEBRA, ALGEBRA, GRACE, GRACE_IN_ALGEBRA } from '../testing/examples.js';
import { given, refusal } from '../testing/given.js';
import { COURSES_PER_STUDENT, enrol } from './enrol.js';

describe('Enrolling a student', () => {
  const known = [
    fact('course-defined', ALGEBRA),
    fact('student-registered', ADA),
    fact('student-registered', GRACE),
  ];
  const adaEnrolled = fact('student-enrolled', ADA_IN_ALGEBRA);
  const adaWithdrawn = fact('student-withdrawn', { course_id: 'algebra', student_id: 'ada' });
  const enlarged = (capacity: number) =>
    fact('course-capacity-changed', { course_id: 'algebra', capacity });

  it('takes a free seat', () => {
    expect(enrol(given(...known), ADA_IN_ALGEBRA)).toEqual({ append: adaEnrolled });
  });

  it.each([
    [1, 'its only seat is'],
    [2, 'both seats are'],
    [3, 'all 3 seats are'],
  ])('is refused when a course of %d is full', (capacity, seats) => {
    const enrolled = Array.from({ length: capacity }, (_, index) =>
      fact('student-enrolled', { ...ADA_IN_ALGEBRA, student_id: `student-${index}` }),
    );
    const state = given(...known, enlarged(capacity), ...enrolled);
    expect(() => enrol(state, GRACE_IN_ALGEBRA)).toThrow(
      refusal('course-full', `“Linear algebra” is full: ${seats} taken.`),
    );
  });

  it('takes a seat that a withdrawal or a larger capacity set free', () => {
    for (const change of [adaWithdrawn, enlarged(2)]) {
      const state = given(...known, adaEnrolled, change);
      expect(enrol(state, GRACE_IN_ALGEBRA)).toHaveProperty('append');
    }
  });

  it('is refused twice in the same course', () => {
    const state = given(...known, enlarged(2), adaEnrolled);
    expect(() => enrol(state, { ...ADA_IN_ALGEBRA, enrolment_id: 'another' })).toThrow(
      refusal('already-enrolled', 'Ada is already enrolled in “Linear algebra”.'),
    );
  });

  it('again by the same id leads to the first fact, also after a withdrawal', () => {
    expect(enrol(given(...known, adaEnrolled), ADA_IN_ALGEBRA)).toEqual({ alreadyAt: 4n });
    const withdrawn = given(...known, adaEnrolled, adaWithdrawn);
    expect(enrol(withdrawn, ADA_IN_ALGEBRA)).toEqual({ alreadyAt: 4n });
    expect(enrol(withdrawn, { ...ADA_IN_ALGEBRA, enrolment_id: 'another' })).toHaveProperty(
      'append',
    );
  });

  it(`is refused beyond ${COURSES_PER_STUDENT} courses`, () => {
    const others = Array.from({ length: COURSES_PER_STUDENT }, (_, index) =>
      fact('student-enrolled', { ...ADA_IN_ALGEBRA, course_id: `course-${index}` }),
    );
    expect(enrol(given(...known, ...others.slice(1)), ADA_IN_ALGEBRA)).toHaveProperty('append');
    expect(() => enrol(given(...known, ...others), ADA_IN_ALGEBRA)).toThrow(
      refusal('too-many-courses', 'Ada already takes 10 courses, which is the limit.'),
    );
  });

  it('needs the course and the student', () => {
    expect(() => enrol(given(fact('student-registered', ADA)), ADA_IN_ALGEBRA)).toThrow(
      refusal('unknown-course', 'No course algebra.'),
    );
    expect(() => enrol(given(fact('course-defined', ALGEBRA)), ADA_IN_ALGEBRA)).toThrow(
      refusal('unknown-student', 'No student ada.'),
    );
  });
});
