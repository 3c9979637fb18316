import { defineDecision, fact } from 'nestjs-factstr';
import { RuleViolation } from '../rule-violation.js';
import { checkLoad, placeIn, placeModels } from './place.js';

/** One decision over two entities: the course's seats and the student's courses. */
export const enrol = defineDecision(placeModels, (state, command) => {
  const { title, capacity, name, students, courses } = placeIn(state, command);
  if (students.includes(command.student_id)) {
    throw new RuleViolation('already-enrolled', `${name} is already enrolled in “${title}”.`);
  }
  if (students.length >= capacity) {
    throw new RuleViolation('course-full', `“${title}” is full: ${seats(capacity)} taken.`);
  }
  checkLoad(name, courses, command.course_id);
  return fact('student-enrolled', command);
});

function seats(capacity: number): string {
  if (capacity === 1) return 'its only seat is';
  return capacity === 2 ? 'both seats are' : `all ${capacity} seats are`;
}
