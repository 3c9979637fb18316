import { defineDecision, fact } from 'nestjs-factstr';
import type { FactInput } from 'nestjs-factstr';
import { course, roster } from '../models.js';
import { RuleViolation, known } from '../rule-violation.js';

export const changeCapacity = defineDecision(
  ({ course_id }: FactInput<'course-capacity-changed'>) => ({
    course: course(course_id),
    roster: roster(course_id),
  }),
  ({ course, roster: { students } }, command) => {
    const { title } = known('course', course, command.course_id);
    if (command.capacity >= students.length) return fact('course-capacity-changed', command);
    throw new RuleViolation(
      'capacity-below-enrolled',
      `“${title}” has ${students.length} ${students.length === 1 ? 'student' : 'students'}: its capacity cannot be lower.`,
    );
  },
);
