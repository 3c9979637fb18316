import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { standStill } from '../../support/waiting/clocks.js';
import { fact, headOf } from '../../support/facts/facts.js';
import { errorOf } from '../../support/facts/outcome.js';
import { databasesOf } from '../../support/providers/provider.js';
import type { ConformingStore, Database, Provider } from '../../support/providers/provider.js';

const RETENTION = 600_000;

/** The number of the batch that an append with this id is told to be. */
async function appended(
  store: ConformingStore,
  id: string,
  payload: unknown = id,
): Promise<number> {
  const { first_sequence_number } = await store.append([fact('noted', payload)], { appendId: id });
  return Number(first_sequence_number);
}

/** How long ids of appends are kept, and when they may be forgotten. */
export function describeAppendIdRetention(provider: Provider): void {
  describe('append ids, as time goes by,', () => {
    const create = databasesOf(provider);
    /** Where the database's clock counts, time goes on while the test runs. */
    let slack: number;
    let grow: (milliseconds: number) => Promise<void>;

    async function open(database?: Database, retention = RETENTION): Promise<ConformingStore> {
      const one = database ?? (await create());
      slack = one.ageAppendIds === undefined ? 1 : 60_000;
      grow = async (milliseconds) => {
        jest.advanceTimersByTime(milliseconds);
        await one.ageAppendIds?.(milliseconds);
      };
      return one.open({ appendIdRetention: retention });
    }

    beforeEach(standStill);
    afterEach(() => {
      jest.useRealTimers();
    });

    it('are kept for their retention, whatever other ids come, and not longer than that', async () => {
      const store = await open();
      expect(await appended(store, 'old')).toBe(1);
      let head = 1;
      const others = async (): Promise<void> => {
        for (let n = 0; n < 3; n++) expect(await appended(store, `other-${head}`)).toBe(++head);
      };
      await others();
      expect(await appended(store, 'old')).toBe(1);
      await grow(RETENTION - slack);
      await others();
      expect(await appended(store, 'old')).toBe(1);
      if (slack === 1) {
        await grow(1);
        await others();
        expect(await appended(store, 'old')).toBe(1);
        await grow(1);
      } else await grow(slack + 1);
      await others();
      expect(await appended(store, 'old')).toBe(head + 1);
    });

    it('are not kept longer by being repeated', async () => {
      const store = await open();
      await appended(store, 'old');
      await grow(RETENTION - slack);
      expect(await appended(store, 'old')).toBe(1);
      await grow(2 * slack);
      await appended(store, 'new');
      expect(await appended(store, 'old')).toBe(3);
    });

    it('are all forgotten, when many have expired, by half as many new ones, and no others', async () => {
      const store = await open();
      for (let n = 1; n <= 6; n++) await appended(store, `old-${n}`);
      await grow(RETENTION / 2);
      for (let n = 7; n <= 9; n++) await appended(store, `young-${n}`);
      await grow(RETENTION / 2 + slack);
      for (let n = 10; n <= 12; n++) await appended(store, `new-${n}`);
      for (let n = 7; n <= 9; n++) expect(await appended(store, `young-${n}`)).toBe(n);
      for (let n = 10; n <= 12; n++) expect(await appended(store, `new-${n}`)).toBe(n);
      for (let n = 1; n <= 6; n++) expect(await appended(store, `old-${n}`)).toBe(12 + n);
    });

    it('refuse other facts while they are kept, and take them when they are forgotten', async () => {
      const store = await open();
      await appended(store, 'old', 'one thing');
      await grow(RETENTION - slack);
      await appended(store, 'new');
      const refused = await errorOf(() => appended(store, 'old', 'another'));
      expect(refused.code).toBe('APPEND_ID_REUSED');
      await grow(2 * slack);
      await appended(store, 'newer');
      expect(await appended(store, 'old', 'another')).toBe(4);
      expect(await appended(store, 'old', 'another')).toBe(4);
      expect((await errorOf(() => appended(store, 'old', 'one thing'))).code).toBe(
        'APPEND_ID_REUSED',
      );
    });

    it('are each log’s own', async () => {
      const [one, another] = [await open(), await open()];
      await one.append([fact('before')]);
      expect(await appended(one, 'a')).toBe(2);
      expect(await appended(another, 'a', 'something else')).toBe(1);
      expect(await appended(one, 'a')).toBe(2);
      expect(await headOf(one)).toBe(2n);
      expect(await headOf(another)).toBe(1n);
    });

    it('take a retention that is not a whole number', async () => {
      const store = await open(undefined, RETENTION + 0.5);
      expect(await appended(store, 'a')).toBe(1);
      await grow(RETENTION - slack);
      await appended(store, 'b');
      expect(await appended(store, 'a')).toBe(1);
    });

    it('count for an append while the first one is on its way', async () => {
      const store = await open();
      const calls = [appended(store, 'a'), appended(store, 'a'), appended(store, 'a', 'other')];
      const [first, second, other] = await Promise.allSettled(calls);
      for (const same of [first, second]) {
        expect(same).toEqual({ status: 'fulfilled', value: 1 });
      }
      expect(other).toMatchObject({ status: 'rejected', reason: { code: 'APPEND_ID_REUSED' } });
      expect(await headOf(store)).toBe(1n);
    });
  });
}
