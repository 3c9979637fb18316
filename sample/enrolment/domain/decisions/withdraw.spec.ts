import { describe, it } from '@jest/globals';
import { specifyDecision } from 'nestjs-factstr/testing';
import {
  ADA_IN_ALGEBRA,
  ada,
  adaEnrolled,
  adaWithdrawn,
  algebra,
  refusal,
} from '../testing/examples.js';
import { withdraw } from './withdraw.js';

describe('Withdrawing a student', () => {
  const notEnrolled = refusal('not-enrolled', 'Ada is not enrolled in “Linear algebra”.');

  it('is a fact', () =>
    specifyDecision(withdraw)
      .given(algebra, ada, adaEnrolled)
      .when(ADA_IN_ALGEBRA)
      .then(adaWithdrawn));

  it('is refused without an enrolment', () =>
    specifyDecision(withdraw).given(algebra, ada).when(ADA_IN_ALGEBRA).thenRefuses(notEnrolled));

  it('is refused a second time', () =>
    specifyDecision(withdraw)
      .given(algebra, ada, adaEnrolled, adaWithdrawn)
      .when(ADA_IN_ALGEBRA)
      .thenRefuses(notEnrolled));

  it('needs the course and the student', async () => {
    await specifyDecision(withdraw)
      .given(ada)
      .when(ADA_IN_ALGEBRA)
      .thenRefuses(refusal('unknown-course', 'No course algebra.'));
    await specifyDecision(withdraw)
      .given(algebra)
      .when(ADA_IN_ALGEBRA)
      .thenRefuses(refusal('unknown-student', 'No student ada.'));
  });
});
