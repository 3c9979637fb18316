import { defineFacts } from 'nestjs-factstr';
import type { FactRecord, FactsOf } from 'nestjs-factstr';
import { z } from 'zod';

export const MAX_CAPACITY = 1_000;

/** What facts and requests are made of: one schema for both. */
export const Id = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'An id is 1 to 64 letters, digits, - or _');
export const Title = line('The title', 120);
export const Name = line('The name', 80);
const SEATS = `Seats must be a whole number from 1 to ${MAX_CAPACITY}`;
export const Capacity = z.int(SEATS).min(1, SEATS).max(MAX_CAPACITY, SEATS);

/** A line of text for people: not empty, without spaces around it. */
function line(label: string, maxLength: number): z.ZodString {
  const message = `${label} must have 1 to ${maxLength} characters, without spaces around them`;
  return z
    .string(message)
    .regex(/^\S(.*\S)?$/, message)
    .max(maxLength, message);
}

const Place = z.object({ course_id: Id, student_id: Id });

export const enrolmentFacts = defineFacts({
  'course-defined': z.strictObject({ course_id: Id, title: Title, capacity: Capacity }),
  'course-capacity-changed': z.strictObject({ course_id: Id, capacity: Capacity }),
  'student-registered': z.strictObject({ student_id: Id, name: Name }),
  'student-enrolled': Place,
  'student-withdrawn': Place,
  'waiting-list-opened': z.object({ course_id: Id }),
  'student-waiting': Place,
});

// From here on the decorators, the records and the queries know these types.
declare module 'nestjs-factstr' {
  interface FactMap extends FactsOf<typeof enrolmentFacts> {}
}

export const ENROLMENT_FACTS = [
  'course-defined',
  'course-capacity-changed',
  'student-registered',
  'student-enrolled',
  'student-withdrawn',
  'waiting-list-opened',
  'student-waiting',
] as const;

/** A committed fact of this domain. */
export type EnrolmentFact = FactRecord<(typeof ENROLMENT_FACTS)[number]>;
