// As an application tells its facts, with schemas of three libraries.
import { type } from 'arktype';
import { defineFacts, upcast } from 'nestjs-factstr';
import type { FactsOf } from 'nestjs-factstr';
import * as v from 'valibot';
import * as z from 'zod';

const Enrolled = z.object({
  course_id: z.string(),
  student: z.object({ student_id: z.string(), since: z.coerce.date() }),
});

export const zodFacts = defineFacts({
  'course-defined': z.object({
    course_id: z.string(),
    title: z.string().trim(),
    capacity: z.int().default(20),
  }),
  'student-enrolled.v2': {
    schema: Enrolled,
    from: {
      'student-enrolled': upcast(
        z.object({ course: z.number() }),
        ({ course }) => ({ course_id: course.toFixed(), student: { student_id: '', since: 0 } }),
        ({ course_id }: { course_id?: string }) => ({ course: Number(course_id) }),
      ),
      enrolled: {
        up: (old) => ({ course_id: String(old), student: { student_id: '', since: '' } }),
        where: ({ course_id, student }) => ({ id: course_id, who: student?.student_id }),
      },
    },
    checkAppend: async ({ student }) => student.since.getTime() > 0,
    matchable: ['student.student_id'],
  },
});

export const valibotFacts = defineFacts({
  'room-booked': v.object({ room: v.string(), seats: v.optional(v.number(), 1) }),
});

export const arktypeFacts = defineFacts({
  'bill-sent': {
    schema: type({
      id: 'string',
      'net?': 'number',
      due: 'string.date.parse',
      copies: 'number = 1',
    }),
    checkAppend: ({ copies }) => copies > 0,
  },
});

declare module 'nestjs-factstr' {
  interface FactMap
    extends FactsOf<typeof zodFacts>, FactsOf<typeof valibotFacts>, FactsOf<typeof arktypeFacts> {}
}
