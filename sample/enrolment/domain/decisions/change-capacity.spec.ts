import { describe, it } from '@jest/globals';
import { specifyDecision } from 'nestjs-factstr/testing';
import { adaEnrolled, adaWithdrawn, algebra, refusal, resized } from '../testing/examples.js';
import { changeCapacity } from './change-capacity.js';

describe('Changing a capacity', () => {
  it.each([1, 2])('to %d is a fact while one student is enrolled', (capacity) =>
    specifyDecision(changeCapacity)
      .given(algebra, adaEnrolled)
      .when({ course_id: 'algebra', capacity })
      .then(resized(capacity)),
  );

  it('is refused below the number of students', () =>
    specifyDecision(changeCapacity)
      .given(algebra, adaEnrolled)
      .when({ course_id: 'algebra', capacity: 0 })
      .thenRefuses(
        refusal(
          'capacity-below-enrolled',
          '“Linear algebra” has 1 student: its capacity cannot be lower.',
        ),
      ));

  it('counts the students that are there', () =>
    specifyDecision(changeCapacity)
      .given(algebra, resized(3), adaEnrolled, adaWithdrawn)
      .when({ course_id: 'algebra', capacity: 1 })
      .then(resized(1)));

  it('needs the course', () =>
    specifyDecision(changeCapacity)
      .given()
      .when({ course_id: 'algebra', capacity: 1 })
      .thenRefuses(refusal('unknown-course', 'No course algebra.')));
});
