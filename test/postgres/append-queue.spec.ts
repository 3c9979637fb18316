import { describe, expect, it } from '@jest/globals';
import {
  AppendIdReusedError,
  DatabaseBusyError,
  IndeterminateAppendError,
  StoreOverloadedError,
} from '../../lib/contract/errors.js';
import { upTo } from '../support/facts/facts.js';
import { settle, until } from '../support/waiting/until.js';
import { SteppedQueue, hops, verdictOf } from './support/stepped-queue.js';

const GROUP = 256;
const MIB = 1024 * 1024;

describe('Appends that wait', () => {
  it.each([
    [1, [1]],
    [GROUP - 1, [GROUP - 1]],
    [GROUP, [GROUP]],
    [GROUP + 1, [GROUP, 1]],
    [2 * GROUP, [GROUP, GROUP]],
    [2 * GROUP + 1, [GROUP, GROUP, 1]],
  ])('%d of one turn are groups of %j', async (count, sizes) => {
    const stepped = new SteppedQueue();
    stepped.addMany(count);
    expect(await stepped.commitAll()).toEqual(sizes);
    expect(stepped.told).toEqual(upTo(count).map((number) => `${number} there`));
  });

  it.each([GROUP - 1, GROUP, GROUP + 1])(
    '%d are the next groups after the one that is in flight, in the order of their calls',
    async (count) => {
      const stepped = new SteppedQueue();
      stepped.add();
      const held = await stepped.next();
      expect(held.members).toEqual([1]);
      stepped.addMany(count);
      await settle();
      expect(stepped.calls).toEqual([]);
      held.commit();
      const first = await stepped.next();
      expect(first.members).toEqual(upTo(count + 1).slice(1, GROUP + 1));
      // Those that come now are behind those that wait.
      const late = stepped.add();
      first.commit();
      const second = await stepped.next();
      expect(second.members).toEqual(upTo(late).slice(1 + first.members.length));
      second.commit();
      await settle();
      expect(stepped.told).toEqual(upTo(late).map((number) => `${number} there`));
    },
  );

  it.each([
    ['one below', [MIB - 1, 1, 1], [2, 1]],
    ['just', [MIB, 1, 1], [1, 2]],
    ['one above', [MIB + 1, 1, 1], [1, 2]],
    ['together one below', [MIB / 2, MIB / 2 - 1, 9, 9], [3, 1]],
    ['together just', [MIB / 2, MIB / 2, 9, 9], [2, 2]],
    ['a large one last', [1, 2 * MIB, 1], [2, 1]],
  ])('are a group until they have a MiB: %s', async (_name, sizes, groups) => {
    const stepped = new SteppedQueue();
    for (const size of sizes) stepped.add({ text: 'x'.repeat(size) });
    expect(await stepped.commitAll()).toEqual(groups);
  });

  it('join those who wait when they are made after a verdict, in the same turn', async () => {
    const stepped = new SteppedQueue();
    stepped.add();
    const held = await stepped.next();
    stepped.addMany(3);
    held.commit();
    // Its caller goes on when it hears of the verdict, and so do others after it.
    await hops();
    stepped.add();
    expect((await stepped.next()).members).toEqual([2, 3, 4, 5]);
  });

  it('are sent in the turn of their call where none is in flight, and none looks a context up', async () => {
    const stepped = new SteppedQueue();
    for (const number of [1, 2]) {
      stepped.add();
      await hops();
      const call = stepped.calls.shift();
      expect(call?.members).toEqual([number]);
      call?.commit();
      await hops();
    }
  });

  it.each([1, 3])(
    'are refused beyond the capacity of %d; those in flight do not count',
    async (capacity) => {
      const stepped = new SteppedQueue({ capacity });
      stepped.add();
      const held = await stepped.next();
      stepped.addMany(capacity);
      const refused = stepped.add();
      await settle();
      expect(stepped.told).toEqual([`${refused} failed`]);
      expect(stepped.errors.get(refused)).toBeInstanceOf(StoreOverloadedError);
      expect(String(stepped.errors.get(refused))).toContain(`${capacity} appends are waiting`);
      held.commit();
      const next = await stepped.next();
      expect(next.members).toEqual(upTo(capacity + 1).slice(1));
      // There is room again.
      stepped.add();
      next.commit();
      expect(await stepped.commitAll()).toEqual([1]);
      expect(stepped.errors.size).toBe(1);
    },
  );

  it('are told each its own verdict', async () => {
    const stepped = new SteppedQueue();
    stepped.addMany(3);
    const refusal = new AppendIdReusedError('reused');
    const conflict = { expected_context_version: null, actual_context_version: 7n };
    (await stepped.next()).answer([
      { verdict: { append_result: null, conflict } },
      { refusal },
      { verdict: verdictOf(3) },
    ]);
    await settle();
    expect(stepped.told).toEqual(['1 refused', '2 failed', '3 there']);
    expect(stepped.errors.get(2)).toBe(refusal);
  });

  it('are waited for by those who close, with those that come meanwhile', async () => {
    const stepped = new SteppedQueue();
    await stepped.queue.drained();
    stepped.add();
    let isDrained = false;
    const drained = stepped.queue.drained().then(() => (isDrained = true));
    const held = await stepped.next();
    stepped.add();
    held.commit();
    const second = await stepped.next();
    expect(isDrained).toBe(false);
    second.fail(new IndeterminateAppendError('lost'));
    await drained;
    expect(stepped.told).toEqual(['1 there', '2 failed']);
    // It works after that.
    stepped.add();
    expect(await stepped.commitAll()).toEqual([1]);
    await stepped.queue.drained();
  });

  it('can be waited for as far as they are in flight, whatever comes of them', async () => {
    const stepped = new SteppedQueue();
    await stepped.queue.inFlight();
    stepped.add();
    const held = await stepped.next();
    stepped.add();
    let heard: string[] | undefined;
    const inFlight = stepped.queue.inFlight().then(() => (heard = [...stepped.told]));
    await settle();
    expect(heard).toBeUndefined();
    held.fail(new IndeterminateAppendError('lost'));
    await inFlight;
    // Not for those behind it.
    await stepped.next();
  });
});

describe('Appends that look their contexts up', () => {
  it('keep those behind them waiting, and go with them', async () => {
    const stepped = new SteppedQueue();
    const { promise, resolve } = Promise.withResolvers<void>();
    stepped.add({ lookUp: promise });
    stepped.addMany(2);
    await settle();
    expect(stepped.calls).toEqual([]);
    resolve();
    expect((await stepped.next()).members).toEqual([1, 2, 3]);
  });

  it('are waited for by those before them, but briefly', async () => {
    const stepped = new SteppedQueue();
    const { promise, resolve } = Promise.withResolvers<void>();
    stepped.addMany(2);
    stepped.add({ lookUp: promise });
    stepped.add();
    // A look-up that has no end.
    await until(
      () => stepped.calls.length > 0,
      () => 'the first group',
    );
    const first = await stepped.next();
    expect(first.members).toEqual([1, 2]);
    first.commit();
    await settle();
    expect(stepped.calls).toEqual([]);
    resolve();
    expect((await stepped.next()).members).toEqual([3, 4]);
  });

  it('are one group with those before them when that is soon', async () => {
    const stepped = new SteppedQueue();
    const { promise, resolve } = Promise.withResolvers<void>();
    stepped.addMany(2);
    stepped.add({ lookUp: promise });
    await hops();
    expect(stepped.calls).toEqual([]);
    resolve();
    expect((await stepped.next()).members).toEqual([1, 2, 3]);
  });

  it('are not waited for when they would not be of the group', async () => {
    const stepped = new SteppedQueue();
    stepped.addMany(GROUP);
    stepped.add({ lookUp: new Promise(() => undefined) });
    await hops();
    expect(stepped.calls.map(({ members }) => members.length)).toEqual([GROUP]);
  });

  it('fail alone, wherever they stand', async () => {
    const stepped = new SteppedQueue();
    const failing = (): { lookUp: Promise<void> } => ({
      lookUp: Promise.reject(new DatabaseBusyError('held')),
    });
    stepped.add(failing());
    stepped.add();
    stepped.add(failing());
    stepped.add();
    stepped.add(failing());
    await settle();
    for (const group of [[2], [4]]) {
      await until(
        () => stepped.calls.length > 0,
        () => 'the next group',
      );
      const call = await stepped.next();
      expect(call.members).toEqual(group);
      call.commit();
    }
    await settle();
    expect(stepped.told).toEqual(['1 failed', '2 there', '3 failed', '4 there', '5 failed']);
  });
});
