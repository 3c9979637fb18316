import { describe, expect, it } from '@jest/globals';
import {
  COURSES_PER_STUDENT,
  changeCapacity,
  defineCourse,
  enrol,
  registerStudent,
  withdraw,
} from '../../../sample/enrolment/domain/decisions.js';
import { EnrolmentState } from '../../../sample/enrolment/domain/enrolment.state.js';
import type { EnrolmentFact } from '../../../sample/enrolment/domain/facts.js';

const ALGEBRA = { course_id: 'algebra', title: 'Linear algebra', capacity: 1 };
const ADA = { student_id: 'ada', name: 'Ada' };
const GRACE = { student_id: 'grace', name: 'Grace' };
const ADA_IN_ALGEBRA = { student_id: 'ada', course_id: 'algebra', enrolment_id: 'e1' };

type Given = { [T in EnrolmentFact as T['event_type']]: [T['event_type'], T['payload']] };

function given(...facts: Given[keyof Given][]): EnrolmentState {
  return EnrolmentState.of(
    facts.map(
      ([event_type, payload], index) =>
        ({
          event_type,
          payload,
          sequence_number: BigInt(index + 1),
          occurred_at: '2026-01-01T00:00:00Z',
        }) as EnrolmentFact,
    ),
  );
}

function refused(reason: string): unknown {
  return expect.objectContaining({ reason });
}

function reasonOf(decide: () => unknown): unknown {
  try {
    return decide();
  } catch (error) {
    return error;
  }
}

describe('Enrolling', () => {
  const open = [
    ['course-defined', ALGEBRA],
    ['student-registered', ADA],
    ['student-registered', GRACE],
  ] satisfies Given[keyof Given][];

  it('takes a free seat', () => {
    expect(enrol(given(...open), ADA_IN_ALGEBRA)).toEqual({
      append: { event_type: 'student-enrolled', payload: ADA_IN_ALGEBRA },
    });
  });

  it('is refused when the course is full', () => {
    const state = given(...open, ['student-enrolled', ADA_IN_ALGEBRA]);
    const grace = { student_id: 'grace', course_id: 'algebra', enrolment_id: 'e2' };
    expect(reasonOf(() => enrol(state, grace))).toEqual(refused('course-full'));
  });

  it('takes a seat that a withdrawal or a larger capacity set free', () => {
    const grace = { student_id: 'grace', course_id: 'algebra', enrolment_id: 'e2' };
    const withdrawn = given(
      ...open,
      ['student-enrolled', ADA_IN_ALGEBRA],
      ['student-withdrawn', { student_id: 'ada', course_id: 'algebra' }],
    );
    const enlarged = given(
      ...open,
      ['student-enrolled', ADA_IN_ALGEBRA],
      ['course-capacity-changed', { course_id: 'algebra', capacity: 2 }],
    );
    expect(enrol(withdrawn, grace)).toHaveProperty('append');
    expect(enrol(enlarged, grace)).toHaveProperty('append');
  });

  it('is refused twice in the same course, but a repeated request is not a second one', () => {
    const state = given(
      ['course-defined', { ...ALGEBRA, capacity: 2 }],
      ['student-registered', ADA],
      ['student-enrolled', ADA_IN_ALGEBRA],
    );
    const again = { ...ADA_IN_ALGEBRA, enrolment_id: 'e2' };
    expect(reasonOf(() => enrol(state, again))).toEqual(refused('already-enrolled'));
    expect(enrol(state, ADA_IN_ALGEBRA)).toEqual({ alreadyAt: 3n });
  });

  it('is not done again by a late repetition after the student withdrew', () => {
    const state = given(
      ...open,
      ['student-enrolled', ADA_IN_ALGEBRA],
      ['student-withdrawn', { student_id: 'ada', course_id: 'algebra' }],
    );
    expect(enrol(state, ADA_IN_ALGEBRA)).toEqual({ alreadyAt: 4n });
    expect(enrol(state, { ...ADA_IN_ALGEBRA, enrolment_id: 'e2' })).toHaveProperty('append');
  });

  it(`is refused beyond ${COURSES_PER_STUDENT} courses of one student`, () => {
    const others = Array.from(
      { length: COURSES_PER_STUDENT },
      (_, index): Given['student-enrolled'] => [
        'student-enrolled',
        { student_id: 'ada', course_id: `c${index}`, enrolment_id: `e${index}` },
      ],
    );
    const eleventh = { ...ADA_IN_ALGEBRA, enrolment_id: 'x' };
    expect(enrol(given(...open, ...others.slice(1)), eleventh)).toHaveProperty('append');
    expect(reasonOf(() => enrol(given(...open, ...others), eleventh))).toEqual(
      refused('too-many-courses'),
    );
  });

  it('needs a course and a student', () => {
    const noCourse = given(['student-registered', ADA]);
    const noStudent = given(['course-defined', ALGEBRA]);
    expect(reasonOf(() => enrol(noCourse, ADA_IN_ALGEBRA))).toEqual(refused('unknown-course'));
    expect(reasonOf(() => enrol(noStudent, ADA_IN_ALGEBRA))).toEqual(refused('unknown-student'));
  });
});

describe('Withdrawing', () => {
  it('needs an enrolment', () => {
    const enrolled = given(
      ['course-defined', ALGEBRA],
      ['student-registered', ADA],
      ['student-enrolled', ADA_IN_ALGEBRA],
    );
    const command = { student_id: 'ada', course_id: 'algebra' };
    expect(withdraw(enrolled, command)).toEqual({
      append: { event_type: 'student-withdrawn', payload: command },
    });
    const never = given(['course-defined', ALGEBRA], ['student-registered', ADA]);
    expect(reasonOf(() => withdraw(never, command))).toEqual(refused('not-enrolled'));
  });
});

describe('Changing the capacity', () => {
  it('is refused below the number of enrolled students', () => {
    const state = given(
      ['course-defined', { ...ALGEBRA, capacity: 3 }],
      ['student-enrolled', ADA_IN_ALGEBRA],
      ['student-enrolled', { student_id: 'grace', course_id: 'algebra', enrolment_id: 'e2' }],
    );
    const to = (capacity: number) => () =>
      changeCapacity(state, { course_id: 'algebra', capacity });
    expect(to(2)()).toHaveProperty('append');
    expect(reasonOf(to(1))).toEqual(refused('capacity-below-enrolled'));
  });

  it('needs a course', () => {
    const change = () => changeCapacity(given(), { course_id: 'algebra', capacity: 1 });
    expect(reasonOf(change)).toEqual(refused('unknown-course'));
  });
});

describe('Defining and registering', () => {
  it('recognises a repeated request by its id and content', () => {
    const state = given(['course-defined', ALGEBRA], ['student-registered', ADA]);
    expect(defineCourse(state, ALGEBRA)).toEqual({ alreadyAt: 1n });
    expect(registerStudent(state, ADA)).toEqual({ alreadyAt: 2n });
  });

  it('refuses an id that belongs to something else', () => {
    const state = given(['course-defined', ALGEBRA], ['student-registered', ADA]);
    const course = { ...ALGEBRA, title: 'Topology' };
    const student = { ...ADA, name: 'Adele' };
    expect(reasonOf(() => defineCourse(state, course))).toEqual(refused('course-id-taken'));
    expect(reasonOf(() => registerStudent(state, student))).toEqual(refused('student-id-taken'));
  });
});
