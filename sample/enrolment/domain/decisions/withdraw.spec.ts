import { describe, expect, it } from '@jest/globals';
import { fact } from 'nestjs-factstr';
import { ADA, ADA_IN_ALGEBRA, ALGEBRA } from '../testing/examples.js';
import { given, refusal } from '../testing/given.js';
import { withdraw } from './withdraw.js';

describe('Withdrawing a student', () => {
  const known = [fact('course-defined', ALGEBRA), fact('student-registered', ADA)];
  const command = { course_id: 'algebra', student_id: 'ada' };
  const notEnrolled = refusal('not-enrolled', 'Ada is not enrolled in “Linear algebra”.');

  it('is a fact', () => {
    const state = given(...known, fact('student-enrolled', ADA_IN_ALGEBRA));
    expect(withdraw(state, command)).toEqual({ append: fact('student-withdrawn', command) });
  });

  it('is refused without an enrolment', () => {
    expect(() => withdraw(given(...known), command)).toThrow(notEnrolled);
  });

  it('is refused a second time', () => {
    const state = given(
      ...known,
      fact('student-enrolled', ADA_IN_ALGEBRA),
      fact('student-withdrawn', command),
    );
    expect(() => withdraw(state, command)).toThrow(notEnrolled);
  });

  it('needs the course and the student', () => {
    expect(() => withdraw(given(fact('student-registered', ADA)), command)).toThrow(
      refusal('unknown-course', 'No course algebra.'),
    );
    expect(() => withdraw(given(fact('course-defined', ALGEBRA)), command)).toThrow(
      refusal('unknown-student', 'No student ada.'),
    );
  });
});
