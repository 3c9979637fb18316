import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { CleanContext } from '../../lib/streams/clean-context.js';
import { HandlerCall } from '../../lib/streams/handler-call.js';
import { OpenStreams } from '../../lib/streams/open-streams.js';
import type { EventRecord } from '../../lib/contract/contract.types.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle } from '../support/waiting/until.js';

function watch(promise: Promise<unknown>): { state: unknown } {
  const watched: { state: unknown } = { state: 'open' };
  promise.then(
    () => (watched.state = 'done'),
    (error: unknown) => (watched.state = error),
  );
  return watched;
}

describe('The streams of a store', () => {
  it('are waited for until each has ended, however it ends', async () => {
    const streams = new OpenStreams();
    const gates = [new Gate(), new Gate()];
    streams.open(
      () => undefined,
      () => gates[0]!.passed,
    );
    streams.open(
      () => undefined,
      async () => {
        await gates[1]!.passed;
        throw new Error('ended badly');
      },
    );
    const ended = watch(streams.ended());
    gates[0]!.open();
    await settle();
    expect(ended.state).toBe('open');
    gates[1]!.open();
    await settle();
    expect(ended.state).toBe('done');
    await streams.ended();
  });

  it('are stopped where they were begun with a controller', () => {
    const streams = new OpenStreams();
    const stops = [new AbortController(), new AbortController(), new AbortController()];
    for (const stop of [...stops.slice(1), undefined]) {
      streams.open(
        () => undefined,
        () => Promise.resolve(),
        stop,
      );
    }
    streams.stop();
    expect(stops.map(({ signal }) => signal.aborted)).toEqual([false, true, true]);
  });

  it('know of a call only inside one of their own', async () => {
    const streams = new OpenStreams();
    const others = new OpenStreams();
    const context = new CleanContext();
    const seen: [string, boolean, boolean][] = [];
    const see = (where: string): void => {
      seen.push([where, streams.isCalling, others.isCalling]);
    };
    const left = new Gate();
    let running!: Promise<void>;
    streams.open(
      () => {
        see('stream');
        running = (async () => {
          await settle();
          await context.run(async () => {
            see('call');
            await settle();
            see('later in the call');
            void left.passed.then(() => see('left behind'));
          });
          see('stream again');
        })();
      },
      () => running,
    );
    see('outside');
    await running;
    await context.run(() => see('call of no stream'));
    left.open();
    await settle();
    expect(seen).toEqual([
      ['stream', false, false],
      ['outside', false, false],
      ['call', true, false],
      ['later in the call', true, false],
      ['stream again', false, false],
      ['call of no stream', false, false],
      ['left behind', false, false],
    ]);
    // A stream that has ended has no calls.
    await settle();
    expect(streams.isCalling).toBe(false);
  });

  it('wait in a handler’s call for the others, and not for those that wait for the same', async () => {
    const streams = new OpenStreams();
    const steps: string[] = [];
    const third = new Gate();
    const run = (name: string, go: Gate): void => {
      const context = new CleanContext();
      let running!: Promise<void>;
      streams.open(
        () => {
          running = context.run(async () => {
            await go.passed;
            await streams.othersEnded();
            steps.push(name);
          });
        },
        () => running,
      );
    };
    const gates = [new Gate(), new Gate()];
    run('one', gates[0]!);
    run('two', gates[1]!);
    streams.open(
      () => undefined,
      () => third.passed,
    );
    gates[0]!.open();
    gates[1]!.open();
    await settle();
    expect(steps).toEqual([]);
    third.open();
    await settle();
    expect(steps.sort()).toEqual(['one', 'two']);
    await streams.ended();
  });

  it('have no call any more when they have ended, though one goes on', async () => {
    const streams = new OpenStreams();
    const gate = new Gate();
    const seen: boolean[] = [];
    let running!: Promise<void>;
    streams.open(
      () => {
        running = new CleanContext().run(async () => {
          await settle();
          seen.push(streams.isCalling);
          gate.open();
          await settle();
          seen.push(streams.isCalling);
        });
      },
      () => gate.passed,
    );
    await running;
    expect(seen).toEqual([true, false]);
  });

  it('may be waited for from outside any call', async () => {
    const streams = new OpenStreams();
    const gate = new Gate();
    streams.open(
      () => undefined,
      () => gate.passed,
    );
    const ended = watch(streams.othersEnded());
    await settle();
    expect(ended.state).toBe('open');
    gate.open();
    await settle();
    expect(ended.state).toBe('done');
  });
});

describe('A handler’s call', () => {
  const records = [1n, 2n].map((sequence_number): EventRecord => ({
    sequence_number,
    occurred_at: '2030-01-01T00:00:00Z',
    event_type: 'noted',
    payload: {},
  }));

  it('runs in a context that is nobody’s', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    await storage.run('registering', async () => {
      const call = new HandlerCall(async () => {
        seen.push(storage.getStore());
        await settle();
        seen.push(storage.getStore());
      });
      await storage.run('appending', () => call.deliver(records, 'a stream'));
      seen.push(storage.getStore());
    });
    expect(seen).toEqual([undefined, undefined, 'registering']);
  });

  it('is given an array of its own', async () => {
    let given: EventRecord[] = [];
    await new HandlerCall((events) => void (given = events)).deliver(records, 'a stream');
    expect(given).toEqual(records);
    expect(given).not.toBe(records);
    expect(given[0]).toBe(records[0]);
  });

  it.each([
    [records, 'facts 1 to 2'],
    [records.slice(1), 'fact 2'],
  ])('tells of which facts it failed', async (failing, range) => {
    const cause = new Error('broke');
    for (const handle of [
      () => {
        throw cause;
      },
      () => Promise.reject(cause),
    ]) {
      await expect(new HandlerCall(handle).deliver(failing, 'stream "a"')).rejects.toMatchObject({
        message: `The handler of stream "a" failed on ${range}.`,
        cause,
      });
    }
    for (const answer of [false, Promise.resolve(false)] as const) {
      const call = new HandlerCall(() => answer);
      const error: unknown = await call.deliver(failing, 'stream "a"').catch((e: unknown) => e);
      expect(error).toMatchObject({
        message: `The handler of stream "a" returned false for ${range}, which says that it failed.`,
      });
      expect(error).not.toHaveProperty('cause');
    }
  });
});
