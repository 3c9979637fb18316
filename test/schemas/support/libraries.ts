import { toJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import * as z from 'zod';
import type { StandardSchema } from '../../../lib/facts/schemas/standard-schema.js';

/** The same schemas in each library. Members with a default or a transformation: see `CHANGED`. */
export interface Library {
  readonly name: string;
  /** `{ course_id, title (trimmed), capacity (20) }` */
  readonly course: StandardSchema<
    { course_id: string; title: string; capacity?: number | undefined },
    { course_id: string; title: string; capacity: number }
  >;
  /** `{ course_id, student: { student_id, tags? } }` */
  readonly enrolled: StandardSchema<{
    course_id: string;
    student: { student_id: string; tags?: string[] | undefined };
  }>;
}

/** A schema of valibot that describes itself, transformations left out. */
function described<S extends v.GenericSchema>(schema: S): S {
  const describe = (typeMode: 'input' | 'output') => (): object =>
    toJsonSchema(schema, { typeMode, errorMode: 'ignore' });
  const jsonSchema = { input: describe('input'), output: describe('output') };
  return { ...schema, '~standard': { ...schema['~standard'], jsonSchema } };
}

const valibotCourse = v.object({
  course_id: v.string(),
  title: v.pipe(v.string(), v.trim()),
  capacity: v.optional(v.number(), 20),
});

export const LIBRARIES: readonly Library[] = [
  {
    name: 'zod',
    course: z.object({
      course_id: z.string(),
      title: z.string().trim(),
      capacity: z.number().default(20),
    }),
    enrolled: z.object({
      course_id: z.string(),
      student: z.object({ student_id: z.string(), tags: z.array(z.string()).optional() }),
    }),
  },
  {
    name: 'valibot',
    course: described(valibotCourse),
    enrolled: v.object({
      course_id: v.string(),
      student: v.object({ student_id: v.string(), tags: v.optional(v.array(v.string())) }),
    }),
  },
  {
    name: 'arktype',
    course: type({ course_id: 'string', title: 'string.trim', capacity: 'number = 20' }),
    enrolled: type({
      course_id: 'string',
      student: { student_id: 'string', 'tags?': 'string[]' },
    }),
  },
];
