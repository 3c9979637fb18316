import { defineDecision, fact } from 'nestjs-factstr';
import { course, roster } from '../models.js';

/** A full course opens a waiting list; a seat that becomes free goes to the first on it. */
export const manageWaitingList = defineDecision(
  ({ course_id }: { course_id: string }) => ({
    course: course(course_id),
    roster: roster(course_id),
  }),
  ({ course, roster: { students, waiting, isListOpen } }, { course_id }) => {
    if (course === null) return [];
    const free = Math.max(0, course.capacity - students.length);
    if (free === 0) return isListOpen ? [] : fact('waiting-list-opened', { course_id });
    return waiting
      .slice(0, free)
      .map((student_id) => fact('student-enrolled', { course_id, student_id }));
  },
);
