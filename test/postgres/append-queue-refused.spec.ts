import { describe, expect, it } from '@jest/globals';
import {
  DatabaseBusyError,
  DatabaseUnavailableError,
  IndeterminateAppendError,
  StorageError,
} from '../../lib/contract/errors.js';
import { upTo } from '../support/facts/facts.js';
import { settle, until } from '../support/waiting/until.js';
import { SteppedQueue } from './support/stepped-queue.js';

describe('A group that is refused', () => {
  it.each([
    ['for what one of them holds', new StorageError('a check')],
    ['as it took too long', new DatabaseBusyError('cancelled', { cause: { code: '57014' } })],
  ])(
    '%s is committed member by member, and those behind it together again',
    async (_name, error) => {
      const stepped = new SteppedQueue();
      stepped.addMany(3);
      const refused = await stepped.next();
      stepped.addMany(2);
      refused.fail(error);
      for (const number of [1, 2, 3]) {
        const call = await stepped.next();
        expect(call.members).toEqual([number]);
        if (number === 2) call.fail(error);
        else call.commit();
      }
      expect((await stepped.next()).members).toEqual([4, 5]);
      expect(stepped.told).toEqual(['1 there', '2 failed', '3 there']);
      expect(stepped.errors.get(2)).toBe(error);
    },
  );

  it.each([
    ['may have committed', new IndeterminateAppendError('lost'), ['3', '4']],
    ['waited for a lock in vain', new DatabaseBusyError('locked'), ['3', '4']],
    ['failed for reasons of our own', new TypeError('a fault'), ['3', '4']],
    ['met no server', new DatabaseUnavailableError('none'), []],
  ])('%s fails as a whole, and is never sent again', async (_name, error, others) => {
    const stepped = new SteppedQueue();
    stepped.addMany(2);
    const call = await stepped.next();
    stepped.addMany(2);
    call.fail(error);
    await settle();
    const failed = upTo(4)
      .map(String)
      .filter((number) => !others.includes(number));
    expect(stepped.told).toEqual(failed.map((number) => `${number} failed`));
    expect(new Set(stepped.errors.values())).toEqual(new Set([error]));
    expect(stepped.calls.map(({ members }) => members.map(String))).toEqual(
      others.length > 0 ? [others] : [],
    );
  });

  it('waited for a lock in vain, and so have those who wait as long', async () => {
    const patience = 20;
    const stepped = new SteppedQueue({ patience });
    stepped.add();
    const call = await stepped.next();
    stepped.addMany(2);
    const since = performance.now();
    await until(
      () => performance.now() - since > patience + 1,
      () => 'time to pass',
    );
    stepped.add();
    call.fail(new DatabaseBusyError('locked'));
    expect((await stepped.next()).members).toEqual([4]);
    expect(stepped.told).toEqual(['1 failed', '2 failed', '3 failed']);
  });

  it('leaves nobody alone that comes after its members have failed', async () => {
    const stepped = new SteppedQueue();
    stepped.addMany(5);
    (await stepped.next()).fail(new StorageError('a check'));
    const alone = await stepped.next();
    expect(alone.members).toEqual([1]);
    alone.fail(new DatabaseUnavailableError('none'));
    await settle();
    expect(stepped.told).toHaveLength(5);
    stepped.addMany(3);
    expect(await stepped.commitAll()).toEqual([3]);
  });
});
