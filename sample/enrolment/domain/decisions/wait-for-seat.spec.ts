import { describe, it } from '@jest/globals';
import { fact } from 'nestjs-factstr';
import { specifyDecision } from 'nestjs-factstr/testing';
import {
  GRACE_IN_ALGEBRA,
  adaEnrolled,
  adaWithdrawn,
  algebra,
  grace,
  listOpened,
  refusal,
} from '../testing/examples.js';
import { waitForSeat } from './wait-for-seat.js';

describe('Waiting for a seat', () => {
  const graceWaits = fact('student-waiting', GRACE_IN_ALGEBRA);

  it('is a fact once the course was full', () =>
    specifyDecision(waitForSeat)
      .given(algebra, grace, adaEnrolled, listOpened)
      .when(GRACE_IN_ALGEBRA)
      .then(graceWaits));

  it.each([
    ['there is no list', [algebra, grace]],
    ['a seat is free', [algebra, grace, adaEnrolled, listOpened, adaWithdrawn]],
  ])('is refused while %s', (_, facts) =>
    specifyDecision(waitForSeat)
      .given(...facts)
      .when(GRACE_IN_ALGEBRA)
      .thenRefuses(
        refusal('no-waiting-list', '“Linear algebra” has no waiting list: it is not full.'),
      ),
  );

  it('is refused twice, and to who has a seat', async () => {
    await specifyDecision(waitForSeat)
      .given(algebra, grace, adaEnrolled, listOpened, graceWaits)
      .when(GRACE_IN_ALGEBRA)
      .thenRefuses(refusal('already-waiting', 'Grace already waits for “Linear algebra”.'));
    await specifyDecision(waitForSeat)
      .given(algebra, grace, listOpened, fact('student-enrolled', GRACE_IN_ALGEBRA))
      .when(GRACE_IN_ALGEBRA)
      .thenRefuses(refusal('already-enrolled', 'Grace is already enrolled in “Linear algebra”.'));
  });
});
