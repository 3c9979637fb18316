import { describe, it } from '@jest/globals';
import { specifyDecision } from 'nestjs-factstr/testing';
import { ADA, ada, refusal } from '../testing/examples.js';
import { registerStudent } from './register-student.js';

describe('Registering a student', () => {
  it('is a fact', () => specifyDecision(registerStudent).given().when(ADA).then(ada));

  it('is refused where the id is taken', () =>
    specifyDecision(registerStudent)
      .given(ada)
      .when({ ...ADA, name: 'Adele' })
      .thenRefuses(refusal('student-id-taken', 'The student id ada belongs to Ada.')));
});
