import { describe, it } from '@jest/globals';
import { fact } from 'nestjs-factstr';
import { specifyDecision } from 'nestjs-factstr/testing';
import {
  ADA_IN_ALGEBRA,
  GRACE_IN_ALGEBRA,
  ada,
  adaEnrolled,
  adaWithdrawn,
  algebra,
  grace,
  listOpened,
  refusal,
  resized,
} from '../testing/examples.js';
import { enrol } from './enrol.js';
import { COURSES_PER_STUDENT } from './place.js';

describe('Enrolling a student', () => {
  it('takes a free seat', () =>
    specifyDecision(enrol).given(algebra, ada).when(ADA_IN_ALGEBRA).then(adaEnrolled));

  it('gives the last seat to one of two that ask at once', () =>
    specifyDecision(enrol).given(algebra, ada).when(ADA_IN_ALGEBRA).raced());

  it.each([
    [1, 'its only seat is'],
    [2, 'both seats are'],
    [3, 'all 3 seats are'],
  ])('is refused when a course of %d is full', (capacity, seats) => {
    const enrolled = Array.from({ length: capacity }, (_, index) =>
      fact('student-enrolled', { ...ADA_IN_ALGEBRA, student_id: `student-${index}` }),
    );
    return specifyDecision(enrol)
      .given(algebra, grace, resized(capacity), ...enrolled)
      .when(GRACE_IN_ALGEBRA)
      .thenRefuses(refusal('course-full', `“Linear algebra” is full: ${seats} taken.`));
  });

  it.each([
    ['a withdrawal', adaWithdrawn],
    ['a larger capacity', resized(2)],
  ])('takes a seat that %s set free', (_, change) =>
    specifyDecision(enrol)
      .given(algebra, grace, adaEnrolled, listOpened, change)
      .when(GRACE_IN_ALGEBRA)
      .then(fact('student-enrolled', GRACE_IN_ALGEBRA)),
  );

  it('is refused twice in the same course', () =>
    specifyDecision(enrol)
      .given(algebra, ada, resized(2), adaEnrolled)
      .when(ADA_IN_ALGEBRA)
      .thenRefuses(refusal('already-enrolled', 'Ada is already enrolled in “Linear algebra”.')));

  it(`is refused beyond ${COURSES_PER_STUDENT} courses, those included that are waited for`, async () => {
    const others = Array.from({ length: COURSES_PER_STUDENT - 1 }, (_, index) =>
      fact('student-enrolled', { ...ADA_IN_ALGEBRA, course_id: `course-${index}` }),
    );
    const waiting = fact('student-waiting', { ...ADA_IN_ALGEBRA, course_id: 'wanted' });
    await specifyDecision(enrol)
      .given(algebra, ada, ...others)
      .when(ADA_IN_ALGEBRA)
      .then(adaEnrolled);
    await specifyDecision(enrol)
      .given(algebra, ada, ...others, waiting)
      .when(ADA_IN_ALGEBRA)
      .thenRefuses(
        refusal('too-many-courses', 'Ada already takes 10 courses, which is the limit.'),
      );
  });

  it('needs the course and the student', async () => {
    await specifyDecision(enrol)
      .given(ada)
      .when(ADA_IN_ALGEBRA)
      .thenRefuses(refusal('unknown-course', 'No course algebra.'));
    await specifyDecision(enrol)
      .given(algebra)
      .when(ADA_IN_ALGEBRA)
      .thenRefuses(refusal('unknown-student', 'No student ada.'));
  });

  it('does not look at other courses and students', () =>
    specifyDecision(enrol)
      .given(algebra, ada)
      .givenUnrelated(grace, fact('student-enrolled', { course_id: 'logic', student_id: 'grace' }))
      .when(ADA_IN_ALGEBRA)
      .then(adaEnrolled));
});
