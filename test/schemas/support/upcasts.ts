import { defineFacts } from 'nestjs-factstr';
import * as z from 'zod';

/**
 * Enrolments have come in three forms: with `id`; nested, with a number; and as they are now. Courses were written
 * under another name.
 */
export const courseFacts = defineFacts({
  'course-defined': {
    schema: z.object({ course_id: z.string(), capacity: z.int().default(20) }),
    from: {
      'course-created': {
        up: (old) => ({ course_id: (old as { course: string }).course }),
        where: ({ course_id, ...others }) => {
          if (Object.keys(others).length > 0) return undefined;
          return course_id === undefined ? {} : { course: course_id };
        },
      },
    },
  },
  'student-enrolled.v3': {
    schema: z.object({
      course_id: z.string(),
      student: z.object({ student_id: z.string() }),
      tags: z.array(z.string()),
    }),
    from: {
      'student-enrolled': {
        up: (old) => {
          const { course, id } = old as { course: string; id: string };
          return { course_id: course, student: { student_id: id }, tags: ['first'] };
        },
        where: ({ course_id, student, tags = [] }) => {
          if (tags.some((tag) => tag !== 'first')) return [];
          return {
            ...(course_id === undefined ? {} : { course: course_id }),
            ...(student?.student_id === undefined ? {} : { id: student.student_id }),
          };
        },
      },
      'student-enrolled.v2': {
        schema: z.object({ course: z.union([z.string(), z.number()]), student: z.string() }),
        up: (old) => {
          const { course, student } = old as { course: string | number; student: string };
          return { course_id: String(course), student: { student_id: student }, tags: [] };
        },
        // A course was a number or a text.
        where: ({ course_id, student, tags = [] }) => {
          if (tags.length > 0) return [];
          const who = student?.student_id === undefined ? {} : { student: student.student_id };
          if (course_id === undefined) return who;
          const number = Number(course_id);
          return String(number) === course_id
            ? [
                { ...who, course: course_id },
                { ...who, course: number },
              ]
            : { ...who, course: course_id };
        },
      },
    },
  },
  'course-closed': z.object({ course_id: z.string() }),
});
