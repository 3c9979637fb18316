import { fact } from 'nestjs-factstr';

/** The course and the students that the specifications speak of. */
export const ALGEBRA = { course_id: 'algebra', title: 'Linear algebra', capacity: 1 };
export const ADA = { student_id: 'ada', name: 'Ada' };
export const GRACE = { student_id: 'grace', name: 'Grace' };
export const ADA_IN_ALGEBRA = { course_id: 'algebra', student_id: 'ada' };
export const GRACE_IN_ALGEBRA = { course_id: 'algebra', student_id: 'grace' };

export const algebra = fact('course-defined', ALGEBRA);
export const ada = fact('student-registered', ADA);
export const grace = fact('student-registered', GRACE);
export const adaEnrolled = fact('student-enrolled', ADA_IN_ALGEBRA);
export const adaWithdrawn = fact('student-withdrawn', ADA_IN_ALGEBRA);
export const listOpened = fact('waiting-list-opened', { course_id: 'algebra' });

/** The course has so many seats now. */
export const resized = (capacity: number) =>
  fact('course-capacity-changed', { course_id: 'algebra', capacity });

/** A refusal with that reason for programs and that message for people. */
export const refusal = (reason: string, message: string) => (error: unknown) =>
  error instanceof Error &&
  'reason' in error &&
  error.reason === reason &&
  error.message === message;
