import { afterEach, describe, expect, it } from '@jest/globals';
import { FactstrMemoryStore, fact } from 'nestjs-factstr';
import type { AppendIfResult, EventQuery, FactstrOptions, NewEvent } from 'nestjs-factstr';
import { Settings } from '../../../sample/settings.js';
import { call, prepareCourse } from './support/api.js';
import { createDataDir } from './support/data-dir.js';
import { createSampleApp } from './support/sample-app.js';
import { startSample } from './support/sample-process.js';
import type { SampleProcess } from './support/sample-process.js';
import { STORAGES } from './support/storage.js';

const CONTENDERS = 50;

/** Releases, in the opposite order, what a test has taken. */
const releases: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release();
});

async function start(env: Record<string, string>): Promise<SampleProcess> {
  const sample = await startSample(env);
  releases.push(() => sample.stop());
  return sample;
}

/** All of them want the last seat of the course at once, spread over the processes. */
async function raceForLastSeat(urls: string[]): Promise<void> {
  await prepareCourse(urls[0]!, 1, CONTENDERS);
  const answers = await Promise.all(
    Array.from({ length: CONTENDERS }, (_, index) =>
      call(urls[index % urls.length]!, 'POST', '/courses/algebra/enrolments', {
        student_id: `student-${index + 1}`,
      }),
    ),
  );
  const [winner, ...more] = answers.filter(({ status }) => status === 201);
  expect(more).toEqual([]);
  const refusals = answers.filter((answer) => answer !== winner);
  expect(new Set(refusals.map(({ status, body }) => `${status} ${body.reason}`))).toEqual(
    new Set(['409 course-full']),
  );
  const at_least = winner!.body.sequence_number;
  for (const url of urls) {
    const { body } = await call(url, 'GET', `/courses?at_least=${at_least}`);
    // The waiting list that opens may be there already.
    expect(BigInt(body.position)).toBeGreaterThanOrEqual(BigInt(at_least));
    expect(body.courses).toMatchObject([{ course_id: 'algebra', free_seats: 0, enrolled: 1 }]);
  }
  const { body } = await call(urls.at(-1)!, 'GET', '/facts?limit=200');
  expect(body.facts.filter(({ event_type }) => event_type === 'student-enrolled')).toHaveLength(1);
}

describe(`${CONTENDERS} concurrent enrolments for the last seat`, () => {
  it('let exactly one succeed, on SQLite', async () => {
    const storage = await STORAGES[0]!.create();
    releases.push(() => storage.remove());
    const sample = await start(storage.env);
    await raceForLastSeat([sample.url]);
  });

  it('let exactly one succeed, on Postgres with two application processes', async () => {
    const storage = await STORAGES[1]!.create();
    releases.push(() => storage.remove());
    // At once: both create what is missing.
    const [first, second] = await Promise.all([
      start(storage.env),
      start({ ...storage.env, FACTSTR_DURABLE: 'off' }),
    ]);
    await raceForLastSeat([first.url, second.url]);
    const states = await Promise.all(
      [first, second].map(async ({ url }) => (await call(url, 'GET', '/status')).body.projections),
    );
    expect(states).toMatchObject([
      [{ state: 'live' }, { state: 'live' }],
      [{ state: 'idle' }, { state: 'idle' }],
    ]);
  });
});

/** A store where somebody else always changes the course between reading and appending. */
class RivalStore extends FactstrMemoryStore {
  rival = false;

  override appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion: bigint | null | undefined,
  ): AppendIfResult {
    if (this.rival) {
      this.append([fact('course-capacity-changed', { course_id: 'algebra', capacity: 5 })]);
    }
    return super.appendIf(events, query, expectedContextVersion);
  }
}

describe('A decision that others overtake every time', () => {
  it('answers 409 with the reason, and writes nothing', async () => {
    const folder = await createDataDir();
    releases.push(() => folder.remove());
    const store = new RivalStore();
    releases.push(async () => store.close());
    class RivalSettings extends Settings {
      override get facts(): FactstrOptions {
        return { provider: 'custom', store };
      }
    }
    const app = await createSampleApp(new RivalSettings({ DATA_DIR: folder.path }));
    releases.push(() => app.close());
    const course = { course_id: 'algebra', title: 'Linear algebra', capacity: 5 };
    await app.http.post('/courses').send(course).expect(201);
    await app.http.post('/students').send({ student_id: 'ada', name: 'Ada' }).expect(201);

    store.rival = true;
    const answer = await app.http.post('/courses/algebra/enrolments').send({ student_id: 'ada' });
    expect(answer.status).toBe(409);
    expect(answer.body).toEqual({
      reason: 'decision-conflict',
      message: 'Others changed the same things at every attempt. Nothing was written; try again.',
    });
    const enrolments = store.query({ filters: [{ event_types: ['student-enrolled'] }] });
    expect(enrolments.event_records).toEqual([]);
  });
});
