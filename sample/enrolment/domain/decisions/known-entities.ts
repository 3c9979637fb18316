import type { EnrolmentState } from '../enrolment.state.js';
import { UnknownEntity } from '../rule-violation.js';

/** The title of a course that must exist. */
export function knownCourse(state: EnrolmentState, course_id: string): string {
  const course = state.course(course_id);
  if (course === undefined) throw new UnknownEntity('unknown-course', `No course ${course_id}.`);
  return course.said.title;
}

/** The name of a student that must exist. */
export function knownStudent(state: EnrolmentState, student_id: string): string {
  const student = state.student(student_id);
  if (student === undefined) {
    throw new UnknownEntity('unknown-student', `No student ${student_id}.`);
  }
  return student.said.name;
}
