import { fact } from 'nestjs-factstr';
import type { EnrolmentState } from '../enrolment.state.js';
import type { CourseCapacityChanged } from '../facts.js';
import { RuleViolation } from '../rule-violation.js';
import type { Decision } from './decision.js';
import { knownCourse } from './known-entities.js';

export function changeCapacity(state: EnrolmentState, command: CourseCapacityChanged): Decision {
  const title = knownCourse(state, command.course_id);
  const enrolled = state.enrolledIn(command.course_id);
  if (command.capacity < enrolled) {
    throw new RuleViolation(
      'capacity-below-enrolled',
      `“${title}” has ${enrolled} ${enrolled === 1 ? 'student' : 'students'}: its capacity cannot be lower.`,
    );
  }
  return { append: fact('course-capacity-changed', command) };
}
