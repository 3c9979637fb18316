import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryCursorStore } from '../../lib/stores/memory/cursor-store.js';
import { settle } from '../support/waiting/until.js';
import { DurableStreams, TTL } from './support/durable.js';
import { stranger } from '../support/streams/owners.js';
import type {
  HeldCall,
  StepName,
  SteppedCursorStore,
} from '../support/streams/stepped-cursor-store.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';

const gone = new Error('the database is gone');
let streams: DurableStreams;

beforeEach(() => {
  stepTime();
  streams = new DurableStreams(3);
});
afterEach(async () => {
  await streams.end();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** The steps of a registration, in order; `find` is asked before the claim and after it. */
const steps = [
  { title: 'identity', step: 'identity', before: 0 },
  { title: 'open', step: 'open', before: 0 },
  { title: 'find, before the claim', step: 'find', before: 0 },
  { title: 'claim', step: 'claim', before: 0 },
  { title: 'find, under the lease', step: 'find', before: 1 },
  { title: 'advance to the first fact', step: 'advance', before: 0 },
  { title: 'advance to the last fact', step: 'advance', before: 2 },
] as const;

/** The call of a step with so many before it. */
function heldAfter(stepped: SteppedCursorStore, step: StepName, before: number): HeldCall {
  for (let n = 0; n < before; n++) void stepped.hold(step).answer();
  return stepped.hold(step);
}

/** Registers it once more and looks at what was delivered then. */
async function deliveredAgain(): Promise<number[]> {
  streams.delivered.splice(0);
  expect((await streams.registered()).outcome).toBe('running');
  expect(await streams.stored.find('s')).toMatchObject({ position: 3n });
  return streams.delivered.flat();
}

describe.each(steps)('A durable stream whose $title', ({ title, step, before }) => {
  const isFirst = title === 'advance to the first fact';
  const isLast = title === 'advance to the last fact';

  it('is in flight when it is ended does nothing more, and leaves the name free', async () => {
    const held = heldAfter(streams.stepped, step, before);
    const registration = streams.register();
    await held.write();
    registration.stop.abort();
    await held.answer();
    await settle();
    expect(streams.reported).toEqual([]);
    // One whose replay had just come to its end is told of that end by its subscription.
    expect(registration.outcome).toBe(isLast ? 'running' : 'STREAM_ENDED');
    expect(streams.delivered.flat()).toEqual(isFirst ? [1] : isLast ? [1, 2, 3] : []);
    expect((await streams.stored.find('s'))?.owner ?? null).toBeNull();
    expect(jest.getTimerCount()).toBe(0);
    expect(await deliveredAgain()).toEqual(isFirst ? [2, 3] : isLast ? [] : [1, 2, 3]);
  });

  it('was done but not answered is refused; registered again it goes on from what was stored', async () => {
    const held = heldAfter(streams.stepped, step, before);
    const registration = streams.register();
    await held.answer(gone);
    await settle();
    expect(registration.outcome).toBe(gone.message);
    expect(jest.getTimerCount()).toBe(0);
    expect(await deliveredAgain()).toEqual(isFirst ? [2, 3] : isLast ? [] : [1, 2, 3]);
  });

  it('was not done is refused; registered again it delivers what was not stored', async () => {
    const held = heldAfter(streams.stepped, step, before);
    const registration = streams.register();
    await held.refuse(gone);
    await settle();
    expect(registration.outcome).toBe(gone.message);
    expect((await streams.stored.find('s'))?.owner ?? null).toBeNull();
    expect(await deliveredAgain()).toEqual(isLast ? [3] : [1, 2, 3]);
  });

  if (step !== 'advance') return;

  it('is in flight when another takes over is refused, and records nothing', async () => {
    const held = heldAfter(streams.stepped, step, before);
    const registration = streams.register();
    await held.asked;
    const seen = (await streams.stored.find('s'))!;
    expect(await streams.stored.claim('s', seen, stranger('other'), TTL)).toBe(2n);
    await held.answer();
    await settle();
    expect(registration.outcome).toBe('LEASE_LOST');
    expect(streams.delivered.flat()).toEqual(isFirst ? [1] : [1, 2, 3]);
    expect(await streams.stored.find('s')).toEqual({
      ...seen,
      epoch: 2n,
      renewals: 0n,
      owner: stranger('other'),
    });
  });

  it('is written when another takes over counts for that one', async () => {
    const held = heldAfter(streams.stepped, step, before);
    const registration = streams.register();
    await held.write();
    const seen = (await streams.stored.find('s'))!;
    expect(seen.position).toBe(isFirst ? 1n : 3n);
    expect(await streams.stored.claim('s', seen, stranger('other'), TTL)).toBe(2n);
    await held.answer();
    await settle();
    // It may call its handler for one fact more; its word counts for nothing from then on.
    expect(registration.outcome).toBe(isFirst ? 'LEASE_LOST' : 'running');
    expect(streams.delivered.flat()).toEqual(isFirst ? [1, 2] : [1, 2, 3]);
    expect(await streams.stored.find('s')).toMatchObject({
      position: seen.position,
      epoch: 2n,
      owner: stranger('other'),
    });
  });
});

describe('A durable stream whose claim is answered late', () => {
  it.each([
    ['another has taken over meanwhile', { owner: stranger('other'), epoch: 2n }],
    ['an operator has spoken meanwhile', { owner: null, epoch: 2n, paused: true }],
    ['the cursor store has lost the name meanwhile', undefined],
  ])('delivers nothing when %s', async (_, present) => {
    const claim = streams.stepped.hold('claim');
    const registration = streams.register();
    await claim.write();
    const seen = (await streams.stored.find('s'))!;
    if (present === undefined) streams.stepped.present = new MemoryCursorStore();
    else if (present.owner === null) {
      await streams.stored.intervene('s', { verb: 'pause', by: null });
    } else await streams.stored.claim('s', seen, present.owner, TTL);
    await claim.answer();
    await settle();
    expect(registration.outcome).toBe('LEASE_LOST');
    expect(streams.delivered).toEqual([]);
    if (present !== undefined) expect(await streams.stored.find('s')).toMatchObject(present);
  });
});

describe('A durable stream that is live', () => {
  const live = async (): Promise<ReturnType<typeof streams.register>> => {
    const registration = await streams.registered();
    expect(registration.outcome).toBe('running');
    streams.delivered.splice(0);
    return registration;
  };

  it('stores its cursor again when the answer was lost, and does not deliver twice', async () => {
    await live();
    const held = streams.stepped.hold('advance');
    streams.append(2);
    await held.answer(gone);
    await pass(50);
    expect(streams.delivered).toEqual([[4], [5]]);
    expect(streams.reported).toEqual([gone.message]);
    expect(await streams.stored.find('s')).toMatchObject({ position: 5n });
  });

  it('waits for a database that is gone, reports that once, and goes on', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    await live();
    const before = streams.stepped.countOf('advance');
    streams.stepped.broken.set('advance', gone);
    streams.append(2);
    await settle();
    // After half of 50, 100, and 200 ms.
    for (const [wait, attempts] of [
      [24, 1],
      [1, 2],
      [49, 2],
      [1, 3],
      [99, 3],
      [1, 4],
    ] as const) {
      await pass(wait);
      expect(streams.stepped.countOf('advance') - before).toBe(attempts);
    }
    expect(streams.delivered).toEqual([[4]]);
    expect(streams.reported).toEqual([gone.message]);
    streams.stepped.broken.clear();
    await pass(200);
    expect(streams.delivered).toEqual([[4], [5]]);
    expect(streams.reported).toEqual([gone.message]);
    jest.restoreAllMocks();
  });

  it('ends at once while it waits for a database: what was not stored comes again', async () => {
    const registration = await live();
    streams.stepped.broken.set('advance', gone);
    streams.append(1);
    await settle();
    registration.stop.abort();
    await settle();
    expect(registration.ended).toBe(true);
    expect(streams.reported).toEqual([gone.message]);
    streams.stepped.broken.clear();
    expect((await streams.registered()).outcome).toBe('running');
    expect(streams.delivered).toEqual([[4], [4]]);
  });

  it('ends with its lease when the database was silent for longer than the TTL', async () => {
    const registration = await live();
    streams.stepped.broken.set('renew', gone);
    await pass(TTL);
    expect(registration.ended).toBe(false);
    await pass(TTL / 3);
    expect(registration.ended).toBe(true);
    expect(streams.reported).toEqual(['LEASE_LOST']);
    streams.append(1);
    await settle();
    expect(streams.delivered).toEqual([]);
    expect((await streams.stored.find('s'))!.owner).toBeNull();
  });

  it('ends when a renewal says that another took over, and leaves that one alone', async () => {
    const registration = await live();
    const seen = (await streams.stored.find('s'))!;
    await streams.stored.claim('s', seen, stranger('other'), TTL);
    await pass(TTL / 3);
    expect(registration.ended).toBe(true);
    expect(streams.reported).toEqual(['LEASE_LOST']);
    expect(await streams.stored.find('s')).toMatchObject({ epoch: 2n, owner: stranger('other') });
  });

  it('that is ended stays ended, whatever a renewal in flight answers', async () => {
    const registration = await live();
    const renewal = streams.stepped.hold('renew');
    await pass(TTL / 3);
    registration.stop.abort();
    await settle();
    expect(registration.ended).toBe(true);
    const again = await streams.registered();
    expect(again.outcome).toBe('running');
    await renewal.answer();
    await pass(TTL);
    expect(streams.reported).toEqual([]);
    expect(again.ended).toBe(false);
    expect((await streams.stored.find('s'))!.epoch).toBe(2n);
  });

  it.each([
    ['was lost with its answer', true],
    ['did not come to be', false],
  ])('is over although giving its lease back %s; its name is free here', async (_, written) => {
    const registration = await live();
    const release = streams.stepped.hold('release');
    registration.stop.abort();
    await release.asked;
    await settle();
    expect(registration.ended).toBe(false);
    await (written ? release.answer(gone) : release.refuse(gone));
    await settle();
    expect(registration.ended).toBe(true);
    expect((await streams.registered()).outcome).toBe('running');
    expect(streams.reported).toEqual([]);
  });

  it('has one word for whatever it reports last: the name is free by then', async () => {
    await streams.registered(([number]) => number !== 4);
    const release = streams.stepped.hold('release');
    streams.append(1);
    await release.asked;
    await settle();
    expect(streams.reported).toEqual([]);
    await release.answer();
    await settle();
    expect(streams.reported).toEqual(['STREAM_HANDLER_FAILED']);
    expect((await streams.registered()).outcome).toBe('running');
  });
});
