import { fact } from 'nestjs-factstr';
import type { EnrolmentState } from '../enrolment.state.js';
import type { StudentRegistered } from '../facts.js';
import { RuleViolation } from '../rule-violation.js';
import type { Decision } from './decision.js';

export function registerStudent(state: EnrolmentState, command: StudentRegistered): Decision {
  const student = state.student(command.student_id);
  if (student === undefined) return { append: fact('student-registered', command) };
  if (student.said.name === command.name) return { alreadyAt: student.sequence_number };
  throw new RuleViolation(
    'student-id-taken',
    `The student id ${command.student_id} belongs to ${student.said.name}.`,
  );
}
