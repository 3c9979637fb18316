import { fact } from 'nestjs-factstr';
import type { EnrolmentState } from '../enrolment.state.js';
import type { StudentEnrolled } from '../facts.js';
import { RuleViolation } from '../rule-violation.js';
import type { Decision } from './decision.js';
import { knownCourse, knownStudent } from './known-entities.js';

/** How many courses a student may take at a time. */
export const COURSES_PER_STUDENT = 10;

/** One decision over two entities: the course's seats and the student's courses. */
export function enrol(state: EnrolmentState, command: StudentEnrolled): Decision {
  const title = knownCourse(state, command.course_id);
  const name = knownStudent(state, command.student_id);
  const alreadyAt = state.enrolledAt(command);
  if (alreadyAt !== undefined) return { alreadyAt };
  if (state.isEnrolled(command.course_id, command.student_id)) {
    throw new RuleViolation('already-enrolled', `${name} is already enrolled in “${title}”.`);
  }
  const capacity = state.capacity(command.course_id);
  if (state.enrolledIn(command.course_id) >= capacity) {
    throw new RuleViolation('course-full', `“${title}” is full: ${seats(capacity)} taken.`);
  }
  if (state.coursesOf(command.student_id) >= COURSES_PER_STUDENT) {
    throw new RuleViolation(
      'too-many-courses',
      `${name} already takes ${COURSES_PER_STUDENT} courses, which is the limit.`,
    );
  }
  return { append: fact('student-enrolled', command) };
}

function seats(capacity: number): string {
  if (capacity === 1) return 'its only seat is';
  return capacity === 2 ? 'both seats are' : `all ${capacity} seats are`;
}
