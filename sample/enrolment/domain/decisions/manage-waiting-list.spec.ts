import { describe, it } from '@jest/globals';
import { fact } from 'nestjs-factstr';
import { specifyDecision } from 'nestjs-factstr/testing';
import {
  GRACE_IN_ALGEBRA,
  adaEnrolled,
  adaWithdrawn,
  algebra,
  listOpened,
  resized,
} from '../testing/examples.js';
import { manageWaitingList } from './manage-waiting-list.js';

describe('The waiting list of a course', () => {
  const ofAlgebra = { course_id: 'algebra' };
  const graceWaits = fact('student-waiting', GRACE_IN_ALGEBRA);
  const edsgerWaits = fact('student-waiting', { course_id: 'algebra', student_id: 'edsger' });
  const graceEnrolled = fact('student-enrolled', GRACE_IN_ALGEBRA);

  it('opens when the course is full', () =>
    specifyDecision(manageWaitingList)
      .given(algebra, adaEnrolled)
      .when(ofAlgebra)
      .then(listOpened));

  it('opens once', () =>
    specifyDecision(manageWaitingList)
      .given(algebra, adaEnrolled, listOpened)
      .when(ofAlgebra)
      .thenNothing());

  it('stays closed while there are seats', () =>
    specifyDecision(manageWaitingList)
      .given(algebra, resized(2), adaEnrolled)
      .when(ofAlgebra)
      .thenNothing());

  it('gives a seat that becomes free to the first on it', () =>
    specifyDecision(manageWaitingList)
      .given(algebra, adaEnrolled, listOpened, graceWaits, edsgerWaits, adaWithdrawn)
      .when(ofAlgebra)
      .then(graceEnrolled));

  it('seats several in a larger course', () =>
    specifyDecision(manageWaitingList)
      .given(algebra, adaEnrolled, listOpened, graceWaits, edsgerWaits, resized(9))
      .when(ofAlgebra)
      .then(
        graceEnrolled,
        fact('student-enrolled', { course_id: 'algebra', student_id: 'edsger' }),
      ));

  it('gives no seat twice', () =>
    specifyDecision(manageWaitingList)
      .given(algebra, adaEnrolled, listOpened, graceWaits, adaWithdrawn)
      .when(ofAlgebra)
      .raced());
});
