import { expect, it } from '@jest/globals';
import { defineFacts, upcast } from 'nestjs-factstr';
import * as z from 'zod';
import { fact } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { until } from '../support/waiting/until.js';
import { describeSharedLogs } from './support/describe.js';
import { sharedLogs } from './support/logs.js';

/** FACTSTR, an older service, writes enrolments as they were; ours are decided on both. */
const facts = defineFacts({
  'enrolled.v2': {
    schema: z.object({
      course_id: z.string(),
      by: z.string().default('nobody'),
      seen: z.number().optional(),
    }),
    from: {
      enrolled: upcast(
        z.object({ course: z.string() }),
        ({ course }) => ({ course_id: course }),
        ({ course_id }: { course_id?: string }) =>
          course_id === undefined ? {} : { course: course_id },
      ),
    },
  },
});
const ofCourse = (course_id: string) => ({
  filters: [{ event_types: ['enrolled.v2'], payload_predicates: [{ course_id }] }],
});

const COURSES = ['a', 'b'];
const EACH = 60;

describeSharedLogs('Facts of a former type, which FACTSTR goes on writing', (kind) => {
  const createLog = sharedLogs(kind);

  it('are seen by every decision of ours', async () => {
    const log = await createLog();
    const stores = [log.store({ facts }), log.store({ facts })];
    await stores[0]!.append([facts.fact('enrolled.v2', { course_id: 'a' })]);
    const engines = [await log.engine(), await log.engine()];
    const old = async (engine: (typeof engines)[number]): Promise<void> => {
      for (let index = 0; index < EACH; index++) {
        await engine.append([fact('enrolled', { course: COURSES[index % 2] })]);
      }
    };
    let decisions = 0;
    const decide = async (store: (typeof stores)[number]): Promise<void> => {
      for (let index = 0; index < EACH; index++) {
        const course_id = COURSES[index % 2]!;
        await store.decide(
          ofCourse(course_id),
          ({ event_records }) => {
            decisions++;
            return [facts.fact('enrolled.v2', { course_id, seen: event_records.length })];
          },
          { retries: 1_000 },
        );
      }
    };
    await Promise.all([...engines.map(old), ...stores.map(decide)]);

    for (const course_id of COURSES) {
      const { event_records } = await stores[0]!.query(ofCourse(course_id));
      expect(event_records.map(({ event_type }) => event_type)).toEqual(
        event_records.map(() => 'enrolled.v2'),
      );
      const seen = event_records.map(({ payload }) => (payload as { seen?: number }).seen);
      // Each was appended to exactly the context that it was decided on, former facts included.
      expect(seen).toEqual(seen.map((number, index) => (number === undefined ? number : index)));
      expect(seen.filter((number) => number === undefined).length).toBeGreaterThanOrEqual(EACH);
    }
    console.info(
      `${kind.kind}: ${decisions} decisions for ${2 * EACH} facts, ${2 * EACH} of FACTSTR beside`,
    );
  }, 120_000);

  it('are delivered as they are read now, by a cursor whose query either engine can go on with', async () => {
    const log = await createLog();
    const engine = await log.engine();
    const store = log.store({ facts });
    await engine.append([fact('enrolled', { course: 'a' }), fact('enrolled', { course: 'b' })]);
    const ours = new Inbox();
    const subscription = await store.streamToDurable({ name: 's' }, ofCourse('a'), ours.handle);
    await store.append([facts.fact('enrolled.v2', { course_id: 'a' })]);
    await ours.reaches(3);
    await until(
      async () => (await log.cursor('s'))?.position === 3,
      () => 'the cursor to reach 3',
    );
    subscription.unsubscribe();
    await store.close();
    expect(ours.batches.flat()).toMatchObject([
      { event_type: 'enrolled.v2', payload: { course_id: 'a', by: 'nobody' } },
      { event_type: 'enrolled.v2', payload: { course_id: 'a', by: 'nobody' } },
    ]);
    const theirs = new Inbox();
    const stored = {
      filters: [
        { event_types: ['enrolled.v2'], payload_predicates: [{ course_id: 'a' }] },
        { event_types: ['enrolled'], payload_predicates: [{ course: 'a' }] },
      ],
    };
    await engine.stream({ name: 's', query: stored }, theirs.handle);
    await engine.append([fact('enrolled', { course: 'a' })]);
    await theirs.reaches(4);
    expect(theirs.numbers).toEqual([[4]]);
  });
});
