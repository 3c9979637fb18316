import type { CourseDefined, StudentEnrolled, StudentRegistered } from '../facts.js';

/** The course and the students that the specifications speak of. */
export const ALGEBRA: CourseDefined = {
  course_id: 'algebra',
  title: 'Linear algebra',
  capacity: 1,
};
export const ADA: StudentRegistered = { student_id: 'ada', name: 'Ada' };
export const GRACE: StudentRegistered = { student_id: 'grace', name: 'Grace' };

export const ADA_IN_ALGEBRA: StudentEnrolled = {
  course_id: 'algebra',
  student_id: 'ada',
  enrolment_id: 'algebra-ada',
};
export const GRACE_IN_ALGEBRA: StudentEnrolled = {
  course_id: 'algebra',
  student_id: 'grace',
  enrolment_id: 'algebra-grace',
};
