import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EventQuery, EventRecord, NewEvent } from 'nestjs-factstr';
import { codecOf } from '../../lib/facts/schemas/fact-schemas.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import { matchesQuery } from '../../lib/matching/matches-query.js';
import { Inbox } from '../support/inbox/inbox.js';
import { KINDS } from './support/services.js';
import { courseFacts } from './support/upcasts.js';

const course = fc.constantFrom('1', '2', 'a');
const student = fc.constantFrom('x', 'y');
const of = (event_type: string) => (payload: unknown) => ({ event_type, payload });

/** What anyone ever wrote. */
const written: fc.Arbitrary<NewEvent> = fc.oneof(
  course.map((course_id) => ({ course_id })).map(of('course-defined')),
  course.map((one) => ({ course: one })).map(of('course-created')),
  fc.record({ course, id: student }).map(of('student-enrolled')),
  fc
    .record({ course: fc.oneof(course, fc.constantFrom(1, 2)), student })
    .map(of('student-enrolled.v2')),
  fc
    .record({
      course_id: course,
      student: fc.record({ student_id: student }),
      tags: fc.subarray(['first', 'second']),
    })
    .map(of('student-enrolled.v3')),
  course.map((course_id) => ({ course_id })).map(of('course-closed')),
  fc.constant(of('unregistered')({ course_id: '1' })),
);

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof(arbitrary, fc.constant(undefined));
const enrolment = fc.record({
  course_id: optional(course),
  student: optional(fc.record({ student_id: optional(student) })),
  tags: optional(fc.subarray(['first', 'second'])),
});
const byCourse = fc.record({ course_id: optional(course) });

const filter = fc.oneof(
  fc.constant({ event_types: null }),
  fc
    .subarray(['course-defined', 'student-enrolled.v3', 'course-closed', 'unregistered'])
    .map((event_types) => ({ event_types })),
  fc.array(enrolment, { maxLength: 3 }).map((payload_predicates) => ({
    event_types: ['student-enrolled.v3'],
    payload_predicates,
  })),
  fc
    .tuple(
      fc.subarray(['course-defined', 'course-closed', 'unregistered', 'student-enrolled.v3'], {
        minLength: 1,
      }),
      fc.array(byCourse, { maxLength: 3 }),
    )
    .map(([event_types, payload_predicates]) => ({ event_types, payload_predicates })),
);
const query: fc.Arbitrary<EventQuery> = fc.record({ filters: fc.array(filter, { maxLength: 3 }) });

/** The reference: everything is decoded, and then matched. */
const codec = codecOf(courseFacts)!;
function readAs(events: readonly NewEvent[], asked: EventQuery): EventRecord[] {
  const prepared = prepareQuery(asked, DEFAULT_LIMITS);
  return events
    .map((event, index) =>
      codec.decode({
        sequence_number: BigInt(index + 1),
        occurred_at: '',
        event_type: event.event_type,
        payload: event.payload,
      }),
    )
    .filter((fact) => matchesQuery(fact, prepared));
}
const seen = (facts: readonly EventRecord[]): unknown[] =>
  facts.map(({ sequence_number, event_type, payload }) => [sequence_number, event_type, payload]);

describe.each(KINDS)('Facts of former types, on $name', (kind) => {
  it('are found, judged and delivered as those that are written now', async () => {
    const { service, stored } = await kind.open(courseFacts);
    const appended: NewEvent[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.array(written, { minLength: 1, maxLength: 4 }),
        query,
        async (more, asked) => {
          // As FACTSTR, or an older version of the application, writes them.
          await stored.append(more);
          appended.push(...more);
          const expected = readAs(appended, asked);
          const result = await service.query(asked);
          expect(seen(result.event_records)).toEqual(seen(expected));
          const version = expected.at(-1)?.sequence_number ?? null;
          expect(result.current_context_version ?? null).toBe(version);
          const closed = courseFacts.fact('course-closed', { course_id: 'z' });
          if (version !== null) {
            // An enrolment of a former type is a conflict.
            const { conflict } = await service.appendIf([closed], asked, version - 1n);
            expect(conflict?.actual_context_version).toBe(version);
          }
          const { append_result } = await service.appendIf([closed], asked, version);
          expect(append_result?.committed_count).toBe(1n);
          appended.push(closed);
        },
      ),
      { numRuns: kind.name === 'Postgres' ? 60 : 150 },
    );
  });

  it('reach streams as they are read now, from the beginning and live', async () => {
    const { service, stored } = await kind.open(courseFacts);
    const former = (id: string): NewEvent => ({
      event_type: 'student-enrolled',
      payload: { course: '1', id },
    });
    const query = {
      filters: [{ event_types: ['student-enrolled.v3'], payload_predicates: [{ course_id: '1' }] }],
    };
    await stored.append([former('a'), { event_type: 'unregistered', payload: {} }]);
    const [all, live, durable] = [new Inbox(), new Inbox(), new Inbox()];
    await service.streamAll(all.handle);
    await service.streamTo(query, live.handle);
    await service.streamToDurable({ name: 'd' }, query, durable.handle);
    await stored.append([former('b')]);
    await stored.append([{ event_type: 'unregistered', payload: { course_id: '1' } }]);
    await all.reaches(4);
    for (const inbox of [live, durable]) await inbox.reaches(3);
    const shown = (inbox: Inbox): unknown[] =>
      inbox.batches.flat().map(({ sequence_number, event_type, payload }) => {
        const { student } = payload as { student?: { student_id: string } };
        return [sequence_number, event_type, student?.student_id];
      });
    const b = [3n, 'student-enrolled.v3', 'b'];
    expect(shown(all)).toEqual([b, [4n, 'unregistered', undefined]]);
    expect(shown(live)).toEqual([b]);
    expect(shown(durable)).toEqual([[1n, 'student-enrolled.v3', 'a'], b]);
    expect(Object.isFrozen(durable.batches[0]![0]!.payload)).toBe(true);
  });
});
