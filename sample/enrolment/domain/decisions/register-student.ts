import { defineDecision, fact } from 'nestjs-factstr';
import type { FactInput } from 'nestjs-factstr';
import { student } from '../models.js';
import { RuleViolation } from '../rule-violation.js';

export const registerStudent = defineDecision(
  ({ student_id }: FactInput<'student-registered'>) => ({ name: student(student_id) }),
  ({ name }, command) => {
    if (name === null) return fact('student-registered', command);
    throw new RuleViolation(
      'student-id-taken',
      `The student id ${command.student_id} belongs to ${name}.`,
    );
  },
);
