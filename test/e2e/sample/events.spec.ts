import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { call, prepareCourse } from './support/api.js';
import { EventStream } from './support/event-stream.js';
import { startSample } from './support/sample-process.js';
import type { SampleProcess } from './support/sample-process.js';
import { STORAGES } from './support/storage.js';
import type { Storage } from './support/storage.js';
import { machineTime } from '../../support/waiting/machine-time.mjs';

describe.each(STORAGES)('The sample’s event stream on $name', ({ create }) => {
  let storage: Storage;
  let sample: SampleProcess;
  const streams: EventStream[] = [];

  beforeEach(async () => {
    storage = await create();
    sample = await startSample(storage.env);
  });

  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.close();
    await sample?.stop();
    await storage?.remove();
  });

  async function follow(url: string): Promise<EventStream> {
    const stream = await EventStream.open(`${url}/events`);
    streams.push(stream);
    await stream.next('ready');
    return stream;
  }

  it('pushes every committed fact, in order, to every client', async () => {
    const [one, two] = [await follow(sample.url), await follow(sample.url)];
    expect(one.contentType).toBe('text/event-stream');
    await prepareCourse(sample.url, 1, 2);
    for (const stream of [one, two]) {
      const facts = [];
      while (facts.length < 3) facts.push(...JSON.parse((await stream.next('facts')).data));
      expect(facts).toMatchObject([
        {
          sequence_number: '1',
          event_type: 'course-defined',
          payload: { course_id: 'algebra', title: 'Linear algebra', capacity: 1 },
        },
        { sequence_number: '2', event_type: 'student-registered' },
        { sequence_number: '3', event_type: 'student-registered' },
      ]);
    }
  });

  it('pushes what another process committed', async () => {
    const other = await startSample({ ...storage.env, FACTSTR_DURABLE: 'off' });
    try {
      const stream = await follow(sample.url);
      await call(other.url, 'POST', '/students', { student_id: 'ada', name: 'Ada' });
      expect(JSON.parse((await stream.next('facts')).data)).toMatchObject([
        { sequence_number: '1', payload: { student_id: 'ada', name: 'Ada' } },
      ]);
      // The other process does not keep the read model, but reads it.
      const { body } = await call(other.url, 'GET', '/courses?at_least=1');
      expect(body.position).toBe('1');
    } finally {
      await other.stop();
    }
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'does not hold up the process on %s: it stops at once',
    async (signal) => {
      const stream = await follow(sample.url);
      const ended = stream.ended();
      const begin = machineTime();
      const exit = await sample.stop(signal);
      await ended;
      expect(exit).toEqual({ code: null, signal });
      // Below the 5 s of a kept-alive connection, and the 10 s that a shutdown may take.
      expect(machineTime() - begin).toBeLessThan(4_000);
      expect(sample.output()).not.toMatch(/error/i);
    },
  );
});
