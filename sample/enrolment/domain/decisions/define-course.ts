import { defineDecision, fact } from 'nestjs-factstr';
import type { FactInput } from 'nestjs-factstr';
import { course } from '../models.js';
import { RuleViolation } from '../rule-violation.js';

export const defineCourse = defineDecision(
  ({ course_id }: FactInput<'course-defined'>) => ({ course: course(course_id) }),
  ({ course }, command) => {
    if (course === null) return fact('course-defined', command);
    throw new RuleViolation(
      'course-id-taken',
      `The course id ${command.course_id} belongs to “${course.title}”.`,
    );
  },
);
