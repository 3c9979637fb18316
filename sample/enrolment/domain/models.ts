import { decisionModel, model } from 'nestjs-factstr';
import './facts.js';

/*
 * What decisions know: each model is a part of a context, and what its facts amount to. A fact that is committed into
 * the context of a decision between reading and appending makes it decide again; facts of other courses and students
 * never do.
 */

/** `null` while there is no such course. */
export const course = decisionModel('course', (course_id: string) =>
  model<{ title: string; capacity: number } | null>(null)
    .on('course-defined', { course_id }, (_, { payload: { title, capacity } }) => ({
      title,
      capacity,
    }))
    .on(
      'course-capacity-changed',
      { course_id },
      (state, { payload: { capacity } }) => state && { ...state, capacity },
    ),
);

/** Who is in a course, and who waits for a seat, in the order of their coming. */
export const roster = decisionModel('roster', (course_id: string) =>
  model<{ students: readonly string[]; waiting: readonly string[]; isListOpen: boolean }>({
    students: [],
    waiting: [],
    isListOpen: false,
  })
    .on('student-enrolled', { course_id }, (state, { payload: { student_id } }) => ({
      ...state,
      students: [...state.students, student_id],
      waiting: without(state.waiting, student_id),
    }))
    .on('student-withdrawn', { course_id }, (state, { payload: { student_id } }) => ({
      ...state,
      students: without(state.students, student_id),
    }))
    .on('waiting-list-opened', { course_id }, (state) => ({ ...state, isListOpen: true }))
    .on('student-waiting', { course_id }, (state, { payload: { student_id } }) => ({
      ...state,
      waiting: [...state.waiting, student_id],
    })),
);

/** A student's name; `null` while there is no such student. */
export const student = decisionModel('student', (student_id: string) =>
  model<string | null>(null).on(
    'student-registered',
    { student_id },
    (_, { payload: { name } }) => name,
  ),
);

/** The courses that a student takes or waits for: a place on a waiting list counts like a seat. */
export const coursesOf = decisionModel('courses-of', (student_id: string) =>
  model<readonly string[]>([])
    .on(['student-enrolled', 'student-waiting'], { student_id }, (courses, { payload }) => [
      ...without(courses, payload.course_id),
      payload.course_id,
    ])
    .on('student-withdrawn', { student_id }, (courses, { payload }) =>
      without(courses, payload.course_id),
    ),
);

function without(ids: readonly string[], id: string): readonly string[] {
  return ids.filter((other) => other !== id);
}
