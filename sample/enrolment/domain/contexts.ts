import { factQuery, facts } from 'nestjs-factstr';
import type { EventFilter, EventQuery } from 'nestjs-factstr';
import './facts.js';

/*
 * The context of a command: the facts that its decision depends on. A fact that is committed into it between
 * reading and appending makes the append a conflict; facts of other courses and students never do.
 */

/** Whether there is such a course. */
export function courseContext(course_id: string): EventQuery {
  return factQuery(facts('course-defined').where({ course_id }));
}

/** A course and how many students are enrolled in it. */
export function capacityContext(course_id: string): EventQuery {
  return factQuery(courseAndItsStudents(course_id));
}

/** Whether there is such a student. */
export function studentContext(student_id: string): EventQuery {
  return factQuery(facts('student-registered').where({ student_id }));
}

/** A course with its students and a student with their courses: one context, two entities. */
export function enrolmentContext(course_id: string, student_id: string): EventQuery {
  return factQuery(
    courseAndItsStudents(course_id),
    facts('student-registered', 'student-enrolled', 'student-withdrawn').where({ student_id }),
  );
}

function courseAndItsStudents(course_id: string): EventFilter {
  return facts(
    'course-defined',
    'course-capacity-changed',
    'student-enrolled',
    'student-withdrawn',
  ).where({ course_id });
}
