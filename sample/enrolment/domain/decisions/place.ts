import { course, coursesOf, roster, student } from '../models.js';
import { RuleViolation, known } from '../rule-violation.js';

/** How many courses a student may take, or wait for, at a time. */
export const COURSES_PER_STUDENT = 10;

/** A student's place in a course: a seat, or one on the waiting list. */
export interface Place {
  course_id: string;
  student_id: string;
}

export const placeModels = ({ course_id, student_id }: Place) => ({
  course: course(course_id),
  roster: roster(course_id),
  name: student(student_id),
  courses: coursesOf(student_id),
});

type States = {
  course: { title: string; capacity: number } | null;
  roster: { students: readonly string[]; waiting: readonly string[]; isListOpen: boolean };
  name: string | null;
  courses: readonly string[];
};

/** @throws UnknownEntity */
export function placeIn(
  { course, roster, name, courses }: States,
  { course_id, student_id }: Place,
) {
  return {
    ...known('course', course, course_id),
    ...roster,
    name: known('student', name, student_id),
    courses,
  };
}

/** @throws RuleViolation */
export function checkLoad(name: string, courses: readonly string[], course_id: string): void {
  if (courses.includes(course_id) || courses.length < COURSES_PER_STUDENT) return;
  throw new RuleViolation(
    'too-many-courses',
    `${name} already takes ${COURSES_PER_STUDENT} courses, which is the limit.`,
  );
}
