import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { defineFacts } from '../../lib/facts/schemas/fact-schemas.js';
import { ofTypes } from '../support/facts/facts.js';
import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { storesOf } from '../support/providers/provider.js';
import { sqlite } from '../support/providers/sqlite.js';
import { failureOf } from '../support/failure-of.js';
import { LIBRARIES } from './support/libraries.js';

describe.each([memory, sqlite, postgres])('Facts with a schema, on $name', (provider) => {
  const open = storesOf(provider);

  describe.each(LIBRARIES)('of $name', ({ course, enrolled }) => {
    const facts = defineFacts({ 'course-defined': course, 'student-enrolled': enrolled });

    it('store what was appended, and show readers what the schema makes of it', async () => {
      const store = await open({ facts });
      await store.append([
        { event_type: 'course-defined', payload: { course_id: 'a', title: ' A ' } },
      ]);
      const { event_records } = await store.query(ofTypes('course-defined'));
      expect(event_records).toMatchObject([
        { sequence_number: 1n, payload: { course_id: 'a', title: 'A', capacity: 20 } },
      ]);
      const [batch] = await store.log.readBatches(0n, 10);
      expect(batch!.event_records[0]!.payload).toEqual({ course_id: 'a', title: ' A ' });
    });

    it('are refused where they do not fit, before anything is written', async () => {
      const store = await open({ facts });
      const secret = 'hunter2';
      const append =
        (payload: unknown, event_type = 'course-defined'): (() => unknown) =>
        () =>
          store.append([
            {
              event_type: 'student-enrolled',
              payload: { course_id: 'a', student: { student_id: 's' } },
            },
            { event_type, payload },
          ]);
      const wrong = await failureOf(append({ course_id: 'a', title: 'A', capacity: secret }));
      expect(wrong).toMatchObject({
        code: 'INVALID_FACT',
        event_type: 'course-defined',
        paths: ['$.capacity'],
        message:
          'Event 1 ("course-defined") does not fit its schema: $.capacity is not as it says. Nothing was written.',
      });
      expect(inspect(wrong)).not.toContain(secret);
      expect(await failureOf(append({ title: 'A' }))).toMatchObject({
        code: 'INVALID_FACT',
        message: expect.stringContaining('$.course_id is missing'),
      });
      expect(await failureOf(append({}, 'course-closed'))).toMatchObject({
        code: 'UNREGISTERED_TYPE',
        event_type: 'course-closed',
      });
      expect((await store.query({})).event_records).toEqual([]);
    });

    it('refuse a predicate on what may be made up or changed when it is read', async () => {
      const store = await open({ facts });
      const where = (payload: object, ...types: string[]): Promise<unknown> =>
        failureOf(() =>
          store.query({
            filters: [
              { event_types: types.length === 0 ? null : types, payload_predicates: [payload] },
            ],
          }),
        );
      for (const types of [['course-defined'], ['student-enrolled', 'course-defined'], []]) {
        expect(await where({ capacity: 20 }, ...types)).toMatchObject({
          code: 'INVALID_QUERY',
          message: expect.stringContaining(
            '$.capacity of "course-defined", which a default may supply',
          ),
        });
        expect(await where({ title: 'A' }, ...types)).toMatchObject({
          code: 'INVALID_QUERY',
          message: expect.stringContaining("matchable: ['title']"),
        });
      }
      const found = await store.query({
        filters: [
          {
            event_types: ['course-defined', 'student-enrolled'],
            payload_predicates: [{ course_id: 'a' }],
          },
          { event_types: ['student-enrolled'], payload_predicates: [{ student: { tags: ['x'] } }] },
        ],
      });
      expect(found.event_records).toEqual([]);
    });
  });
});
