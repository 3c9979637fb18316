import type { CourseDefined, EnrolmentFact, StudentRegistered, StudentEnrolled } from './facts.js';

/** A fact as a repeated command needs it: what it said, and its sequence number. */
interface Remembered<T> {
  readonly said: T;
  readonly sequence_number: bigint;
}

/** What the facts of a context amount to. It knows only the courses and students of that context. */
export class EnrolmentState {
  readonly #courses = new Map<string, Remembered<CourseDefined>>();
  readonly #capacities = new Map<string, number>();
  readonly #students = new Map<string, Remembered<StudentRegistered>>();
  readonly #enrolments = new Map<string, StudentEnrolled>();
  readonly #enrolledAt = new Map<string, bigint>();

  static of(facts: readonly EnrolmentFact[]): EnrolmentState {
    const state = new EnrolmentState();
    for (const fact of facts) state.#apply(fact);
    return state;
  }

  course(course_id: string): Remembered<CourseDefined> | undefined {
    return this.#courses.get(course_id);
  }

  capacity(course_id: string): number {
    return this.#capacities.get(course_id) ?? 0;
  }

  student(student_id: string): Remembered<StudentRegistered> | undefined {
    return this.#students.get(student_id);
  }

  isEnrolled(course_id: string, student_id: string): boolean {
    return this.#enrolments.has(key(course_id, student_id));
  }

  /** The sequence number of the fact that this command has led to, even if the student withdrew since. */
  enrolledAt({ course_id, student_id, enrolment_id }: StudentEnrolled): bigint | undefined {
    return this.#enrolledAt.get(key(course_id, student_id, enrolment_id));
  }

  /** How many students are enrolled in the course. */
  enrolledIn(course_id: string): number {
    return this.#count((said) => said.course_id === course_id);
  }

  /** How many courses the student is enrolled in. */
  coursesOf(student_id: string): number {
    return this.#count((said) => said.student_id === student_id);
  }

  #count(matches: (said: StudentEnrolled) => boolean): number {
    let count = 0;
    for (const said of this.#enrolments.values()) if (matches(said)) count++;
    return count;
  }

  #apply({ event_type, payload, sequence_number }: EnrolmentFact): void {
    switch (event_type) {
      case 'course-defined':
        this.#courses.set(payload.course_id, { said: payload, sequence_number });
        this.#capacities.set(payload.course_id, payload.capacity);
        break;
      case 'course-capacity-changed':
        this.#capacities.set(payload.course_id, payload.capacity);
        break;
      case 'student-registered':
        this.#students.set(payload.student_id, { said: payload, sequence_number });
        break;
      case 'student-enrolled':
        this.#enrolments.set(key(payload.course_id, payload.student_id), payload);
        this.#enrolledAt.set(
          key(payload.course_id, payload.student_id, payload.enrolment_id),
          sequence_number,
        );
        break;
      case 'student-withdrawn':
        this.#enrolments.delete(key(payload.course_id, payload.student_id));
        break;
    }
  }
}

function key(...ids: string[]): string {
  return JSON.stringify(ids);
}
