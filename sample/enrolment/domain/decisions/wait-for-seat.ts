import { defineDecision, fact } from 'nestjs-factstr';
import { RuleViolation } from '../rule-violation.js';
import { checkLoad, placeIn, placeModels } from './place.js';

/** A full course has a waiting list. */
export const waitForSeat = defineDecision(placeModels, (state, command) => {
  const { title, capacity, name, students, waiting, isListOpen, courses } = placeIn(state, command);
  const { student_id } = command;
  if (students.includes(student_id)) {
    throw new RuleViolation('already-enrolled', `${name} is already enrolled in “${title}”.`);
  }
  if (waiting.includes(student_id)) {
    throw new RuleViolation('already-waiting', `${name} already waits for “${title}”.`);
  }
  if (!isListOpen || students.length < capacity) {
    throw new RuleViolation('no-waiting-list', `“${title}” has no waiting list: it is not full.`);
  }
  checkLoad(name, courses, command.course_id);
  return fact('student-waiting', command);
});
