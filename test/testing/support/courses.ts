import { decisionModel, defineDecision, model } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';

export const defined = (course_id: string, capacity: number) => ({
  event_type: 'course-defined',
  payload: { course_id, capacity },
});
export const enrolled = (course_id: string, student_id: string) => ({
  event_type: 'student-enrolled',
  payload: { course_id, student_id },
});
export const withdrawn = (course_id: string, student_id: string) => ({
  event_type: 'student-withdrawn',
  payload: { course_id, student_id },
});

/** Two seats. */
export const course = defined('c1', 2);

export interface Enrolment {
  readonly course_id: string;
  readonly student_id: string;
}

export class CourseFull extends Error {
  override readonly name = 'CourseFull';
  readonly code = 'COURSE_FULL';

  constructor(readonly course_id: string) {
    super(`The course ${course_id} is full.`);
  }
}

interface Seats {
  readonly capacity: number;
  readonly students: readonly string[];
}

type Payload = Enrolment & { readonly capacity: number };
const payloadOf = (record: EventRecord): Payload => record.payload as Payload;

const opened = (state: Seats, record: EventRecord): Seats => ({
  ...state,
  capacity: payloadOf(record).capacity,
});
const taken = (state: Seats, record: EventRecord): Seats => ({
  ...state,
  students: [...state.students, payloadOf(record).student_id],
});
const given = (state: Seats, record: EventRecord): Seats => ({
  ...state,
  students: state.students.filter((student) => student !== payloadOf(record).student_id),
});

const NONE: Seats = { capacity: 0, students: [] };

const seats = decisionModel('kit seats', (course_id: string) =>
  model<Seats>(NONE)
    .on('course-defined', { course_id }, opened)
    .on('student-enrolled', { course_id }, taken)
    .on('student-withdrawn', { course_id }, given),
);

/** Takes the seat, where there is one. */
function takeSeat({ seats }: { readonly seats: Seats }, { course_id, student_id }: Enrolment) {
  if (seats.students.includes(student_id)) return undefined;
  if (seats.students.length >= seats.capacity) throw new CourseFull(course_id);
  const left = seats.capacity - seats.students.length - 1;
  return { append: enrolled(course_id, student_id), result: { left } };
}

/** As it is to be. */
export const enrol = defineDecision(
  ({ course_id }: Enrolment) => ({ seats: seats(course_id) }),
  takeSeat,
);

const forgetful = decisionModel('kit seats without withdrawals', (course_id: string) =>
  model<Seats>(NONE)
    .on('course-defined', { course_id }, opened)
    .on('student-enrolled', { course_id }, taken),
);

/** Nothing tells it of withdrawals. */
export const enrolForgetfully = defineDecision(
  ({ course_id }: Enrolment) => ({ seats: forgetful(course_id) }),
  takeSeat,
);

const wide = decisionModel('kit seats of all courses', () =>
  model<Seats>(NONE).on('course-defined', opened).on('student-enrolled', taken),
);

/** It sees the facts of every course. */
export const enrolWidely = defineDecision(() => ({ seats: wide() }), takeSeat);

const mutating = decisionModel('kit seats that change in place', (course_id: string) =>
  model<Seats>(NONE)
    .on('course-defined', { course_id }, opened)
    .on('student-enrolled', { course_id }, (state, record) => {
      (state.students as string[]).push(payloadOf(record).student_id);
      return state;
    }),
);

/** Its reducer changes the state in place. */
export const enrolMutating = defineDecision(
  ({ course_id }: Enrolment) => ({ seats: mutating(course_id) }),
  takeSeat,
);

let lastSeat = 0;

/** It numbers the seats by a counter in memory. */
export const enrolByCounter = defineDecision(
  ({ course_id }: Enrolment) => ({ seats: seats(course_id) }),
  (_, { course_id, student_id }) => ({
    event_type: 'student-enrolled',
    payload: { course_id, student_id, seat: ++lastSeat },
  }),
);
