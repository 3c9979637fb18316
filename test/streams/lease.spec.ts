import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Lease, leaseOptions } from '../../lib/cursors/lease.js';
import { MemoryCursorStore } from '../../lib/stores/memory/cursor-store.js';
import { settle } from '../support/waiting/until.js';
import { stranger } from '../support/streams/owners.js';
import { SteppedCursorStore } from '../support/streams/stepped-cursor-store.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';

const gone = new Error('the database is gone');
const owner = stranger('first');

/** A cursor store with the name `s`, which nobody runs. */
function cursorStoreOf() {
  const memory = new MemoryCursorStore();
  const seen = memory.open('s', '"*"', 0n);
  const stepped = new SteppedCursorStore(memory);
  const claim = (ttl: number) => Lease.claim(stepped.cursorStore, 's', seen, { owner, ttl });
  return { memory, seen, stepped, claim };
}

/** Its owner renews every 300 ms. */
const TTL = 900;

async function leased(ttl = TTL) {
  const { memory, seen, stepped, claim } = cursorStoreOf();
  return { memory, seen, stepped, lease: (await claim(ttl))! };
}

beforeEach(stepTime);
afterEach(() => void jest.useRealTimers());

describe('A lease', () => {
  it('is renewed as of the asking, however late the answer comes', async () => {
    const { stepped, lease } = await leased();
    const late = stepped.hold('renew');
    await pass(300);
    await late.write();
    await pass(599);
    // At 899: what was written says 300 + 900 all the same.
    await late.answer();
    stepped.broken.set('renew', gone);
    await pass(301);
    expect(lease.lost.aborted).toBe(false);
    await pass(300);
    expect(lease.lost.aborted).toBe(true);
  });

  it('is claimed as of the asking, however late the answer comes', async () => {
    const { stepped, claim } = cursorStoreOf();
    const late = stepped.hold('claim');
    const claiming = claim(TTL);
    await late.write();
    await pass(600);
    await late.answer();
    const lease = (await claiming)!;
    stepped.broken.set('renew', gone);
    // Asked again at 900, which is not too late yet, and at 1,200.
    await pass(300);
    expect(lease.lost.aborted).toBe(false);
    await pass(300);
    expect(lease.lost.aborted).toBe(true);
  });

  it('that was claimed too late is kept when a renewal says that it still is', async () => {
    const { stepped, claim } = cursorStoreOf();
    const late = stepped.hold('claim');
    const claiming = claim(TTL);
    await late.write();
    await pass(5_000);
    await late.answer();
    const lease = (await claiming)!;
    await pass(1_000);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  });

  it.each([
    [899, false],
    [900, false],
    [901, true],
  ])('with a TTL of 900 whose renewal fails at %d is lost: %s', async (at, lost) => {
    const { stepped, lease } = await leased();
    const renewal = stepped.hold('renew');
    await pass(at);
    expect(lease.lost.aborted).toBe(false);
    await renewal.refuse(gone);
    await settle();
    expect(lease.lost.aborted).toBe(lost);
    await lease.release();
  });

  it('whose renewal never answers is lost with the first look after its TTL, and asks no more', async () => {
    const { stepped, lease } = await leased();
    stepped.hold('renew');
    await pass(1_199);
    expect(lease.lost.aborted).toBe(false);
    await pass(1);
    expect(lease.lost.aborted).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
    expect(stepped.countOf('renew')).toBe(1);
  });

  it.each([
    [900, 300],
    [5_997, 1_999],
    [6_000, 2_000],
    [6_003, 2_000],
    [60_000, 2_000],
  ])('of %d ms is renewed every %d ms', async (ttl, interval) => {
    const { memory, lease } = await leased(ttl);
    await pass(interval - 1);
    expect(memory.find('s')!.renewals).toBe(0n);
    await pass(1);
    expect(memory.find('s')!.renewals).toBe(1n);
    await pass(9 * interval);
    expect(memory.find('s')!.renewals).toBe(10n);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  });

  it('outlives renewals that fail, if one succeeds in time: the TTL counts anew from that', async () => {
    const { stepped, lease } = await leased();
    stepped.broken.set('renew', gone);
    await pass(600);
    stepped.broken.clear();
    await pass(300);
    stepped.broken.set('renew', gone);
    await pass(900);
    expect(lease.lost.aborted).toBe(false);
    await pass(300);
    expect(lease.lost.aborted).toBe(true);
  });

  it('is lost at once when the epoch has passed, and asks no more', async () => {
    const { memory, stepped, lease } = await leased();
    memory.intervene('s', { verb: 'pause', by: null });
    await pass(300);
    expect(lease.lost.aborted).toBe(true);
    expect(stepped.countOf('renew')).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('that was lost stays lost, also when a renewal says yes after all', async () => {
    const { stepped, lease } = await leased();
    const late = stepped.hold('renew');
    await pass(1_200);
    await late.answer();
    await pass(5_000);
    expect(lease.lost.aborted).toBe(true);
    expect(stepped.countOf('renew')).toBe(1);
  });

  it.each([
    ['yes', undefined],
    ['an error', gone],
  ])('is free at once, although a renewal in flight is written and answers %s', async (_, loss) => {
    const { memory, stepped, lease } = await leased();
    const renewal = stepped.hold('renew');
    await pass(300);
    await lease.release();
    await renewal.answer(loss);
    await pass(5_000);
    expect(memory.find('s')).toMatchObject({ owner: null, epoch: 1n, renewals: 1n });
    expect(lease.lost.aborted).toBe(true);
    expect(stepped.calls).toEqual(['claim', 'renew', 'release']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    ['was lost with its answer', true],
    ['did not come to be', false],
  ])('is over for its owner, although giving it back %s', async (_, written) => {
    const { memory, stepped, lease } = await leased();
    const release = stepped.hold('release');
    const releasing = lease.release();
    expect(lease.lost.aborted).toBe(true);
    await (written ? release.answer(gone) : release.refuse(gone));
    await releasing;
    expect(memory.find('s')!.owner).toEqual(written ? null : owner);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not give back what others have taken meanwhile', async () => {
    const { memory, lease } = await leased();
    expect(memory.claim('s', memory.find('s')!, stranger('second'))).toBe(2n);
    await lease.release();
    expect(memory.find('s')).toMatchObject({ owner: stranger('second'), epoch: 2n });
  });

  it('holds what it claimed until the epoch moves, and nothing once the name is gone', async () => {
    const { memory, stepped, lease } = await leased();
    expect(await lease.holds()).toBe(true);
    memory.renew('s', 1n);
    expect(await lease.holds()).toBe(true);
    memory.claim('s', memory.find('s')!, stranger('second'));
    expect(await lease.holds()).toBe(false);
    await lease.release();
    stepped.present = new MemoryCursorStore();
    expect(await lease.holds()).toBe(false);
  });

  it('is not had when the name was claimed, renewed or intervened in since it was seen', async () => {
    const { memory, seen, claim } = cursorStoreOf();
    memory.renew('s', 0n);
    expect(await claim(TTL)).toBeUndefined();
    memory.intervene('s', { verb: 'pause', by: null });
    expect(await claim(TTL)).toBeUndefined();
    expect(seen.epoch).toBe(0n);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not keep the process alive', async () => {
    jest.useRealTimers();
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const { lease } = await leased();
    expect(timers()).toBe(before);
    await lease.release();
  });
});

describe('How leases are claimed', () => {
  it.each([
    [100, 25],
    [1_996, 499],
    [2_000, 500],
    [2_004, 500],
    [60_000, 500],
  ])('with a TTL of %d ms a contender looks every %d ms', (ttl, claimInterval) => {
    expect(leaseOptions(ttl)).toMatchObject({ ttl, claimInterval });
  });

  it('every store object is an owner of its own', () => {
    const [first, second] = [leaseOptions(TTL), leaseOptions(TTL)];
    expect(first.owner).toEqual({ ...second.owner, id: first.owner.id });
    expect(first.owner.id).not.toBe(second.owner.id);
  });
});
