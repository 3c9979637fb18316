import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DurableStreamActiveError } from '../../lib/contract/errors.js';
import { Contender, claimLease } from '../../lib/cursors/lease.js';
import type { Lease } from '../../lib/cursors/lease.js';
import type { LeaseOwner } from '../../lib/cursors/cursor-store.js';
import { MemoryCursorStore } from '../../lib/stores/memory/cursor-store.js';
import { settle } from '../support/waiting/until.js';
import { deadOwner, livingOwner, storedAs, stranger } from '../support/streams/owners.js';
import { SteppedCursorStore } from '../support/streams/stepped-cursor-store.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';

const TTL = 900;
const gone = new Error('the database is gone');
const self = livingOwner('self');
const leases: Lease[] = [];

beforeEach(stepTime);
afterEach(async () => {
  for (const lease of leases.splice(0)) lease.lose();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
  jest.restoreAllMocks();
});

/** The name `s`, run by `holder`, and another process that would like to. */
function contended(holder: LeaseOwner = stranger('holder')) {
  const memory = new MemoryCursorStore();
  const epoch = memory.claim('s', memory.open('s', '"*"', 0n), holder)!;
  const stepped = new SteppedCursorStore(memory);
  const options = { owner: self, ttl: TTL, claimInterval: 100 };
  const contender = new Contender(stepped.cursorStore, 's', options);
  const attempt = async (): Promise<bigint | undefined> => {
    const lease = await contender.attempt();
    if (lease !== undefined) leases.push(lease);
    return lease?.epoch;
  };
  const stop = new AbortController();
  const claim = () => claimLease(stepped.cursorStore, 's', options, stop.signal);
  return { memory, epoch, stepped, contender, attempt, claim, stop };
}

describe('A contender for a name', () => {
  it.each([
    { who: 'nobody', owner: null, free: true },
    { who: 'a stranger', owner: stranger('a'), free: false },
    { who: 'a living process of this host', owner: livingOwner('a'), free: false },
    { who: 'a dead process of this host', owner: deadOwner('a'), free: true },
    {
      who: 'itself, whose release did not get through',
      owner: { ...stranger('a'), id: self.id },
      free: true,
    },
  ])('finds it held by $who: free at once is $free', async ({ owner, free }) => {
    const { stepped, contender } = contended();
    const lease = await contender.attempt(storedAs({ owner, epoch: 1n, renewals: 0n }));
    lease?.lose();
    expect(lease?.epoch).toBe(free ? 2n : undefined);
    expect(stepped.calls).toEqual(free ? ['claim'] : []);
    expect(contender.holderLives).toBe(false);
  });

  it('finds free at once what has expired by the database’s clock', async () => {
    const { contender } = contended();
    const owner = stranger('a');
    const lease = await contender.attempt(
      storedAs({ owner, expired: true, epoch: 1n, renewals: 0n }),
    );
    expect(lease?.epoch).toBe(2n);
    lease!.lose();
  });

  it('takes over from a holder that was silent for longer than the TTL, not for the TTL', async () => {
    const { attempt, contender } = contended();
    expect(await attempt()).toBeUndefined();
    await pass(TTL - 1);
    expect(await attempt()).toBeUndefined();
    await pass(1);
    expect(await attempt()).toBeUndefined();
    await pass(1);
    expect(await attempt()).toBe(2n);
    expect(contender.holderLives).toBe(false);
  });

  it.each([-86_400_000, 86_400_000])(
    'is not moved by the clock of the wall, which jumps by %d ms',
    async (jump) => {
      const { attempt } = contended();
      await attempt();
      jest.setSystemTime(Date.now() + jump);
      expect(await attempt()).toBeUndefined();
      await pass(TTL);
      expect(await attempt()).toBeUndefined();
      jest.setSystemTime(Date.now() - jump);
      await pass(1);
      expect(await attempt()).toBe(2n);
    },
  );

  it('counts the silence from the answer to its look: what came late may have been seen late', async () => {
    const { stepped, attempt } = contended();
    const look = stepped.hold('find');
    const first = attempt();
    await look.write();
    await pass(500);
    await look.answer();
    expect(await first).toBeUndefined();
    await pass(TTL);
    expect(await attempt()).toBeUndefined();
    await pass(1);
    expect(await attempt()).toBe(2n);
  });

  it('claims only what is as it was seen, also when the holder renewed behind a late answer', async () => {
    const { memory, epoch, stepped, attempt, contender } = contended();
    await attempt();
    const look = stepped.hold('find');
    const second = attempt();
    await look.write();
    memory.renew('s', epoch);
    await pass(TTL + 1);
    await look.answer();
    expect(await second).toBeUndefined();
    expect(stepped.calls).toEqual(['find', 'find', 'claim']);
    // The claim that came to nothing is no sign of life; the next look is.
    expect(contender.holderLives).toBe(false);
    expect(await attempt()).toBeUndefined();
    expect(contender.holderLives).toBe(true);
  });

  it.each([
    ['a renewal', ({ memory, epoch }: ReturnType<typeof contended>) => memory.renew('s', epoch)],
    [
      'another claim',
      ({ memory }: ReturnType<typeof contended>) =>
        memory.claim('s', memory.find('s')!, stranger('second')),
    ],
  ])('counts anew after %s, and knows that the holder lives', async (_, happens) => {
    const all = contended();
    const { attempt, contender } = all;
    await attempt();
    expect(contender.holderLives).toBe(false);
    await pass(TTL);
    happens(all);
    await pass(1);
    expect(await attempt()).toBeUndefined();
    expect(contender.holderLives).toBe(true);
    await pass(TTL);
    expect(await attempt()).toBeUndefined();
    expect(contender.holderLives).toBe(true);
    await pass(1);
    expect(await attempt()).toBeDefined();
  });

  it('is one of two that meet: the other one finds a living holder', async () => {
    const { memory, stepped, attempt, contender } = contended(deadOwner('holder'));
    const claim = stepped.hold('claim');
    const first = attempt();
    await claim.asked;
    expect(memory.claim('s', memory.find('s')!, stranger('faster'))).toBe(2n);
    await claim.answer();
    expect(await first).toBeUndefined();
    expect(await attempt()).toBeUndefined();
    expect(contender.holder).toBe('process 7 on elsewhere');
    await pass(TTL + 1);
    expect(await attempt()).toBe(3n);
  });

  it('has what it claimed although the answer was lost, while others wait for the TTL', async () => {
    const { memory, stepped, attempt } = contended(deadOwner('holder'));
    const claim = stepped.hold('claim');
    const first = attempt();
    await claim.answer(gone);
    await expect(first).rejects.toBe(gone);
    expect(memory.find('s')).toMatchObject({ owner: self, epoch: 2n });
    const options = { owner: stranger('other'), ttl: TTL, claimInterval: 100 };
    const other = new Contender(stepped.cursorStore, 's', options);
    expect(await other.attempt()).toBeUndefined();
    await pass(TTL);
    expect(await other.attempt()).toBeUndefined();
    expect(await attempt()).toBe(3n);
  });

  it('asks for nothing where the name is not known', async () => {
    const { stepped, attempt, contender } = contended();
    stepped.present = new MemoryCursorStore();
    expect(await attempt()).toBeUndefined();
    expect(stepped.calls).toEqual(['find']);
    expect(contender.holder).toBe('nobody');
  });
});

describe('Claiming a lease', () => {
  it('is refused when the holder renews, and says who that is', async () => {
    const { memory, epoch, claim } = contended();
    const refused = claim().catch((error: unknown) => error);
    await settle();
    memory.renew('s', epoch);
    await pass(100);
    expect(await refused).toBeInstanceOf(DurableStreamActiveError);
    expect((await refused) as Error).toMatchObject({
      message:
        'The durable stream "s" is being run by process 7 on elsewhere. Stop it there, or use another name.',
    });
  });

  it('takes over from a holder that stays silent', async () => {
    const { claim } = contended();
    const claiming = claim();
    await pass(TTL + 100);
    leases.push((await claiming)!);
    expect(leases[0]!.epoch).toBe(2n);
  });

  it.each([
    [0, 50],
    [0.5, 75],
    [1, 100],
  ])('looks again after a part of its interval that chance says: %d', async (chance, interval) => {
    jest.spyOn(Math, 'random').mockReturnValue(chance);
    const { stepped, claim, stop } = contended();
    const claiming = claim();
    await pass(interval - 1);
    expect(stepped.countOf('find')).toBe(1);
    await pass(1);
    expect(stepped.countOf('find')).toBe(2);
    stop.abort();
    expect(await claiming).toBeUndefined();
  });

  it('asks for nothing when it was told to stop before, and no more when told meanwhile', async () => {
    const { stepped, claim, stop } = contended();
    const waiting = claim();
    await settle();
    stop.abort();
    expect(await waiting).toBeUndefined();
    expect(await claim()).toBeUndefined();
    expect(stepped.calls).toEqual(['find']);
  });

  it('tells of a claim that succeeded although it was told to stop meanwhile', async () => {
    const { stepped, claim, stop } = contended(deadOwner('holder'));
    const held = stepped.hold('claim');
    const claiming = claim();
    await held.write();
    stop.abort();
    await held.answer();
    leases.push((await claiming)!);
    expect(leases[0]!.epoch).toBe(2n);
  });

  it('rejects when the database cannot be asked', async () => {
    const { stepped, claim } = contended();
    stepped.broken.set('find', gone);
    await expect(claim()).rejects.toBe(gone);
  });
});
