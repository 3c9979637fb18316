import { fact } from 'nestjs-factstr';
import type { NewEvent } from 'nestjs-factstr';
import type { EnrolmentState } from './enrolment.state.js';
import type {
  CourseCapacityChanged,
  CourseDefined,
  StudentEnrolled,
  StudentRegistered,
  StudentWithdrawn,
} from './facts.js';
import { RuleViolation, UnknownEntity } from './rule-violation.js';

/** How many courses a student may take at a time. */
export const COURSES_PER_STUDENT = 10;

/**
 * What a command leads to: a fact to append, or the number of the fact that an earlier attempt of the very
 * same command left (the client did not get the answer and asks again).
 */
export type Decision = { readonly append: NewEvent } | { readonly alreadyAt: bigint };

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

export function registerStudent(state: EnrolmentState, command: StudentRegistered): Decision {
  const student = state.student(command.student_id);
  if (student === undefined) {
    return { append: fact('student-registered', command) };
  }
  if (student.said.name === command.name) return { alreadyAt: student.sequence_number };
  throw new RuleViolation(
    'student-id-taken',
    `The student id ${command.student_id} belongs to ${student.said.name}.`,
  );
}

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

export function withdraw(state: EnrolmentState, command: StudentWithdrawn): Decision {
  const title = knownCourse(state, command.course_id);
  const name = knownStudent(state, command.student_id);
  if (!state.isEnrolled(command.course_id, command.student_id)) {
    throw new UnknownEntity('not-enrolled', `${name} is not enrolled in “${title}”.`);
  }
  return { append: fact('student-withdrawn', command) };
}

function seats(capacity: number): string {
  if (capacity === 1) return 'its only seat is';
  return capacity === 2 ? 'both seats are' : `all ${capacity} seats are`;
}

function knownCourse(state: EnrolmentState, course_id: string): string {
  const course = state.course(course_id);
  if (course === undefined) throw new UnknownEntity('unknown-course', `No course ${course_id}.`);
  return course.said.title;
}

function knownStudent(state: EnrolmentState, student_id: string): string {
  const student = state.student(student_id);
  if (student === undefined) {
    throw new UnknownEntity('unknown-student', `No student ${student_id}.`);
  }
  return student.said.name;
}
