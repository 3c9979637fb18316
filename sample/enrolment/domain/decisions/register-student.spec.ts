import { describe, expect, it } from '@jest/globals';
import { fact } from 'nestjs-factstr';
import { ADA } from '../testing/examples.js';
import { given, refusal } from '../testing/given.js';
import { registerStudent } from './register-student.js';

describe('Registering a student', () => {
  it('is a fact', () => {
    expect(registerStudent(given(), ADA)).toEqual({ append: fact('student-registered', ADA) });
  });

  it('again by the same name leads to the first fact', () => {
    const state = given(fact('student-registered', ADA));
    expect(registerStudent(state, ADA)).toEqual({ alreadyAt: 1n });
  });

  it('again by another name is refused', () => {
    const state = given(fact('student-registered', ADA));
    expect(() => registerStudent(state, { ...ADA, name: 'Adele' })).toThrow(
      refusal('student-id-taken', 'The student id ada belongs to Ada.'),
    );
  });
});
