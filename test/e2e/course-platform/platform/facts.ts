import { defineFacts } from 'nestjs-factstr';
import type { FactInput, FactsOf } from 'nestjs-factstr';
import { z } from 'zod';

const Place = z.object({ course_id: z.string(), student_id: z.string() });

export const platformFacts = defineFacts({
  'course-offered': z.object({
    course_id: z.string(),
    title: z.string(),
    capacity: z.int().positive().default(20),
    lessons: z.int().positive().default(1),
  }),
  'student-registered': z.object({ student_id: z.string(), name: z.string().min(1) }),
  'student-enrolled': Place,
  'lesson-completed': Place.extend({ lesson: z.int().positive() }),
  'certificate-issued': Place.extend({ title: z.string() }),
});

declare module 'nestjs-factstr' {
  interface FactMap extends FactsOf<typeof platformFacts> {}
}

export type Student = FactInput<'student-registered'>;
export type Place = FactInput<'student-enrolled'>;
export type Completion = FactInput<'lesson-completed'>;
