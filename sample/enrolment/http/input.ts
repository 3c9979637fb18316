import { BadRequestException, StandardSchemaValidationPipe } from '@nestjs/common';
import { z } from 'zod';
import { Capacity, Id } from '../domain/facts.js';

// What requests hold besides the payloads of facts.

export const CourseParams = z.object({ course_id: Id });
export const StudentParams = z.object({ student_id: Id });
export const PlaceParams = z.object({ course_id: Id, student_id: Id });
export const SeatBody = z.strictObject({ student_id: Id });
export const CapacityBody = z.strictObject({ capacity: Capacity });

/** At most 18 digits: always below 2^63. */
const Sequence = z
  .string()
  .regex(/^\d{1,18}$/, 'A sequence number is a whole number from 0 on')
  .transform(BigInt);

/** Asks for a view that contains the effect of a command: waits up to 3 s for the fact of this number. */
export const ViewQuery = z.object({ at_least: Sequence.prefault('0') });

/** Asks for a page of the log: the facts before a number, the former page’s `next_before`. */
export const FactsQuery = z.object({
  before: Sequence.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** Refuses malformed input as `{ reason, message, fields }`, so that a form can say what is wrong where. */
export function inputPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues) => {
      const fields = issues.map(({ path = [], message }) => ({
        field: path
          .map((part) => (typeof part === 'object' ? String(part.key) : String(part)))
          .join('.'),
        message,
      }));
      const message = fields.map((field) => field.message).join('. ');
      return new BadRequestException({ reason: 'invalid-input', message, fields });
    },
  });
}
