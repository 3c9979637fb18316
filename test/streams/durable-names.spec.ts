import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { resolveLimits } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import type { CursorStore } from '../../lib/cursors/cursor-store.js';
import { ofTypes } from '../support/facts/facts.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle } from '../support/waiting/until.js';
import { DurableStreams, TTL } from './support/durable.js';
import { stranger } from '../support/streams/owners.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';

const gone = new Error('the database is gone');
let streams: DurableStreams;
let gate: Gate;

beforeEach(() => {
  stepTime();
  streams = new DurableStreams(1);
  gate = new Gate();
});
afterEach(async () => {
  gate.open();
  await streams.end();
  expect(jest.getTimerCount()).toBe(0);
  expect(streams.listening).toBe(0);
  jest.useRealTimers();
});

/** A stream that was ended while its handler is being called for fact 2. */
async function endedInsideCall() {
  const first = await streams.registered(([number]) => (number === 2 ? gate.passed : undefined));
  streams.append(1);
  await settle();
  expect(streams.delivered).toEqual([[1], [2]]);
  first.stop.abort();
  return first;
}

describe('The name of a durable stream', () => {
  it('is refused while it runs', async () => {
    await streams.registered();
    expect((await streams.registered()).outcome).toBe('DURABLE_STREAM_ACTIVE');
  });

  it('that was ended inside a call is waited for, and goes on behind that call', async () => {
    const first = await endedInsideCall();
    const second = await streams.registered();
    expect(second.outcome).toBeUndefined();
    expect(first.ended).toBe(false);
    gate.open();
    await settle();
    expect(first.ended).toBe(true);
    expect(second.outcome).toBe('running');
    expect(streams.delivered).toEqual([[1], [2]]);
  });

  it('is not waited for by a stream that is itself ended', async () => {
    await endedInsideCall();
    const second = await streams.registered();
    second.stop.abort();
    await settle();
    expect(second.outcome).toBe('STREAM_ENDED');
  });

  it('is waited for no longer than a TTL', async () => {
    await endedInsideCall();
    const second = await streams.registered();
    await pass(TTL - 1);
    expect(second.outcome).toBeUndefined();
    await pass(1);
    expect(second.outcome).toBe('DURABLE_STREAM_ACTIVE');
  });

  it('that was ended before it was taken is waited for as well', async () => {
    const identity = streams.stepped.hold('identity');
    const open = streams.stepped.hold('open');
    const first = streams.register();
    await identity.asked;
    first.stop.abort();
    await identity.answer();
    await open.asked;
    const second = await streams.registered();
    expect(second.outcome).toBeUndefined();
    await open.answer();
    await settle();
    expect(first.outcome).toBe('STREAM_ENDED');
    expect(second.outcome).toBe('running');
  });

  it('is not had by a stream that was ended while it looked where it stands, at the head', async () => {
    (await streams.registered()).stop.abort();
    await settle();
    void streams.stepped.hold('find').answer();
    const find = streams.stepped.hold('find');
    const second = streams.register();
    await find.write();
    second.stop.abort();
    await find.answer();
    await settle();
    expect(second.outcome).toBe('STREAM_ENDED');
  });

  it.each(['ends', 'is refused'])('leaves no listener at what ends it when it %s', async (how) => {
    if (how === 'is refused') streams.stepped.broken.set('open', gone);
    const { stop } = await streams.registered();
    // Of a stream that runs there are some; one that has ended has none.
    const listeners = (): number => getEventListeners(stop.signal, 'abort').length;
    expect(listeners() > 0).toBe(how === 'ends');
    if (how === 'is refused') return;
    await streams.stored.intervene('s', { verb: 'pause', by: null });
    await pass(TTL / 3);
    expect(streams.reported).toEqual(['LEASE_LOST']);
    expect(listeners()).toBe(0);
  });
});

describe('A durable stream that loses its name', () => {
  it('while it is live records nothing more, says so once, and ends at once', async () => {
    const registration = await streams.registered();
    const advance = streams.stepped.hold('advance');
    streams.append(2);
    await advance.asked;
    const seen = (await streams.stored.find('s'))!;
    await streams.stored.claim('s', seen, stranger('other'), TTL);
    await advance.answer();
    await settle();
    expect(streams.reported).toEqual(['LEASE_LOST']);
    expect(registration.ended).toBe(true);
    expect(streams.delivered).toEqual([[1], [2]]);
    expect(await streams.stored.find('s')).toMatchObject({ position: 1n, epoch: 2n });
  });

  it('inside a call finishes that, and takes no further fact', async () => {
    const first = await streams.registered(([number]) => (number === 2 ? gate.passed : undefined));
    streams.append(2);
    await settle();
    streams.stepped.broken.set('renew', gone);
    await pass(TTL + TTL / 3);
    expect(first.ended).toBe(false);
    gate.open();
    await settle();
    expect(first.ended).toBe(true);
    expect(streams.reported).toEqual(['LEASE_LOST']);
    // Nobody has taken it: what the call has done is recorded.
    expect(await streams.stored.find('s')).toMatchObject({ position: 2n, owner: null });
    expect(streams.delivered).toEqual([[1], [2]]);
  });

  it('and is ended as well is told that it was ended', async () => {
    streams.append(1);
    const registration = await streams.registered(() => gate.passed);
    streams.stepped.broken.set('renew', gone);
    await pass(TTL + TTL / 3);
    registration.stop.abort();
    gate.open();
    await settle();
    expect(registration.outcome).toBe('STREAM_ENDED');
  });
});

describe('What a durable stream says', () => {
  it('names the stream, what has happened, and what to do', async () => {
    const running = await streams.registered();
    await streams.stored.intervene('s', { verb: 'pause', by: null });
    await pass(TTL / 3);
    expect(running.ended).toBe(true);
    const find = streams.stepped.hold('find');
    const ended = streams.register();
    await find.asked;
    ended.stop.abort();
    await find.answer();
    await settle();
    const query = prepareQuery(ofTypes('x'), resolveLimits());
    const changed = await streams.registered(undefined, query);
    const { cursorStore } = streams.store.log;
    streams.stepped.present = movedTo(1n, cursorStore);
    await streams.registered();
    expect([ended.message, changed.message, ...streams.messages]).toEqual([
      'The durable stream "s" was ended before its replay had reached the head.',
      'The durable stream "s" was registered with another query before. Resume it with that query, or use a new name (or version) for the new one.',
      'The durable stream "s" was taken over by another process, or an operator intervened: nothing more is recorded here.',
      expect.stringMatching(
        /^The cursor of durable stream "s" stands at 1, but it was stored at 0 /,
      ),
    ]);
  });
});

/** As if it had been remembered at the fact before. */
function movedTo(position: bigint, cursorStore: CursorStore): CursorStore {
  return new Proxy(cursorStore, {
    get: (target, name: keyof CursorStore) =>
      name === 'find'
        ? async (stream: string) => ({
            ...(await target.find(stream))!,
            position,
            fingerprint: { sequence_number: position - 1n, hash: 'x' },
          })
        : Reflect.get(target, name)!.bind(target),
  });
}
