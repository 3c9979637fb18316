import { fact } from 'nestjs-factstr';
import type { EnrolmentState } from '../enrolment.state.js';
import type { StudentWithdrawn } from '../facts.js';
import { UnknownEntity } from '../rule-violation.js';
import type { Decision } from './decision.js';
import { knownCourse, knownStudent } from './known-entities.js';

export function withdraw(state: EnrolmentState, command: StudentWithdrawn): Decision {
  const title = knownCourse(state, command.course_id);
  const name = knownStudent(state, command.student_id);
  if (!state.isEnrolled(command.course_id, command.student_id)) {
    throw new UnknownEntity('not-enrolled', `${name} is not enrolled in “${title}”.`);
  }
  return { append: fact('student-withdrawn', command) };
}
