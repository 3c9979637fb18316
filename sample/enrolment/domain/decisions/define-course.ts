import { fact } from 'nestjs-factstr';
import type { EnrolmentState } from '../enrolment.state.js';
import type { CourseDefined } from '../facts.js';
import { RuleViolation } from '../rule-violation.js';
import type { Decision } from './decision.js';

export function defineCourse(state: EnrolmentState, command: CourseDefined): Decision {
  const course = state.course(command.course_id);
  if (course === undefined) return { append: fact('course-defined', command) };
  const { title, capacity } = course.said;
  if (title === command.title && capacity === command.capacity) {
    return { alreadyAt: course.sequence_number };
  }
  throw new RuleViolation(
    'course-id-taken',
    `The course id ${command.course_id} belongs to “${title}”.`,
  );
}
