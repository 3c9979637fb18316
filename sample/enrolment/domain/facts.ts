import type { FactRecord } from 'nestjs-factstr';

export interface CourseDefined {
  course_id: string;
  title: string;
  capacity: number;
}

export interface CourseCapacityChanged {
  course_id: string;
  capacity: number;
}

export interface StudentRegistered {
  student_id: string;
  name: string;
}

export interface StudentEnrolled {
  student_id: string;
  course_id: string;
  /** Chosen by the client, so that a repeated request is recognised. */
  enrolment_id: string;
}

export interface StudentWithdrawn {
  student_id: string;
  course_id: string;
}

// From here on the decorators, the records and the queries know these types.
declare module 'nestjs-factstr' {
  interface FactMap {
    'course-defined': CourseDefined;
    'course-capacity-changed': CourseCapacityChanged;
    'student-registered': StudentRegistered;
    'student-enrolled': StudentEnrolled;
    'student-withdrawn': StudentWithdrawn;
  }
}

export const ENROLMENT_FACTS = [
  'course-defined',
  'course-capacity-changed',
  'student-registered',
  'student-enrolled',
  'student-withdrawn',
] as const;

type EnrolmentFactType = (typeof ENROLMENT_FACTS)[number];

/** A committed fact of this domain. */
export type EnrolmentFact = FactRecord<EnrolmentFactType>;
