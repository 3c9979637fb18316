import { describe, expect, it } from '@jest/globals';
import { LogReplacedError } from '../../../lib/contract/errors.js';
import type { FactstrError } from '../../../lib/contract/errors.js';
import { fact, facts, ofTypes, upTo } from '../../support/facts/facts.js';
import { Gate, Inbox } from '../../support/inbox/inbox.js';
import { databasesOf } from '../../support/providers/provider.js';
import type {
  ConformingStore,
  Provider,
  SharedDatabase,
} from '../../support/providers/provider.js';
import { settle, until } from '../../support/waiting/until.js';

const between = (first: number, last: number): number[] => upTo(last).slice(first - 1);

/** A log that an older one takes the place of, while stores are open on it. */
export function describeReplacedLogs(provider: Provider<SharedDatabase>): void {
  describe('a log that is restored under live streams', () => {
    const createDatabase = databasesOf(provider);

    async function open(): Promise<{
      database: SharedDatabase;
      store: ConformingStore;
      reported: FactstrError[];
    }> {
      const database = await createDatabase();
      const reported: FactstrError[] = [];
      const store = await database.open({ onStreamError: (error) => reported.push(error) });
      return { database, store, reported };
    }

    async function append(store: ConformingStore, count: number): Promise<void> {
      for (let n = 0; n < count; n++) await store.append(facts(1));
    }

    async function noticed(reported: FactstrError[], count = 1): Promise<LogReplacedError[]> {
      await until(
        () => reported.length >= count,
        () => `report ${count}; there were ${reported.length}`,
      );
      for (const error of reported) expect(error).toBeInstanceOf(LogReplacedError);
      return reported as LogReplacedError[];
    }

    it('goes on with everything that the store appends afterwards, and reports it once', async () => {
      const { database, store, reported } = await open();
      const inbox = new Inbox();
      await store.streamAll(inbox.handle).started;
      await append(store, 3);
      const restore = await database.backUp();
      await append(store, 5);
      await inbox.reaches(8);
      await restore();
      await append(store, 7);
      await inbox.reaches(10);
      expect(inbox.flat).toEqual([...upTo(8), ...between(4, 10)]);
      const [error] = await noticed(reported);
      expect(error).toMatchObject({ position: 8n, resumedAfter: 3n });
      expect(error!.message).toMatch(/8.*3/s);
      await append(store, 1);
      await inbox.reaches(11);
      expect(reported).toHaveLength(1);
    });

    it('does so for a stream that began at the head and was given nothing yet', async () => {
      const { database, store, reported } = await open();
      await append(store, 3);
      const restore = await database.backUp();
      await append(store, 5);
      const inbox = new Inbox();
      await store.streamAll(inbox.handle).started;
      await restore();
      await append(store, 7);
      await inbox.reaches(10);
      expect(inbox.flat).toEqual(between(4, 10));
      expect(await noticed(reported)).toHaveLength(1);
    });

    it('goes on from the beginning of a log that was emptied', async () => {
      const { database, store, reported } = await open();
      const restore = await database.backUp();
      const inbox = new Inbox();
      store.streamAll(inbox.handle);
      await append(store, 3);
      await inbox.reaches(3);
      await restore();
      await append(store, 2);
      await inbox.reaches(2);
      await append(store, 2);
      await until(
        () => inbox.flat.length === 7,
        () => `four facts more; there are ${inbox.flat.join()}`,
      );
      expect(inbox.flat).toEqual([1, 2, 3, 1, 2, 3, 4]);
      expect(await noticed(reported)).toHaveLength(1);
      expect(reported[0]).toMatchObject({ position: 3n, resumedAfter: 0n });
    });

    it('is noticed without an append', async () => {
      const { database, store, reported } = await open();
      await append(store, 1);
      const restore = await database.backUp();
      const inbox = new Inbox();
      store.streamAll(inbox.handle);
      await append(store, 2);
      await inbox.reaches(3);
      await restore();
      expect(await noticed(reported)).toHaveLength(1);
      await append(store, 1);
      await until(
        () => inbox.flat.length === 3,
        () => 'the fact after the restore',
      );
      expect(inbox.flat).toEqual([2, 3, 2]);
    });

    it.each([4, 8, 9, 30])(
      'goes on with what others appended, also when it has grown to %d meanwhile',
      async (head) => {
        const { database, store, reported } = await open();
        await append(store, 3);
        const restore = await database.backUp();
        const inbox = new Inbox();
        await store.streamAll(inbox.handle).started;
        await append(store, 5);
        await inbox.reaches(8);
        await restore();
        const other = await database.open();
        await other.append(facts(head - 3));
        await until(
          () => inbox.flat.length === 5 + head - 3,
          () => `facts 4 to ${head}; there are ${inbox.flat.join()}`,
        );
        expect(inbox.flat).toEqual([...between(4, 8), ...between(4, head)]);
        expect(await noticed(reported)).toMatchObject([{ position: 8n, resumedAfter: 3n }]);
      },
    );

    it('is noticed by each of several streams, wherever they stand', async () => {
      const { database, store, reported } = await open();
      const gate = new Gate();
      const fast = new Inbox();
      const slow = new Inbox((_events, delivery) => (delivery === 6 ? gate.passed : undefined));
      const before = new Inbox((_events, delivery) => (delivery === 2 ? gate.passed : undefined));
      const typed = new Inbox();
      store.streamAll(fast.handle);
      store.streamAll(slow.handle);
      store.streamAll(before.handle);
      await store.streamTo(ofTypes('wanted'), typed.handle).started;
      await append(store, 3);
      await before.reaches(2);
      const restore = await database.backUp();
      await store.append([fact('wanted')]);
      await append(store, 4);
      await fast.reaches(8);
      await slow.reaches(6);
      await before.reaches(2);
      await typed.reaches(4);
      await restore();
      await append(store, 1);
      await store.append([fact('wanted')]);
      await append(store, 5);
      await fast.reaches(10);
      const newcomer = new Inbox();
      await store.streamAll(newcomer.handle).started;
      gate.open();
      await append(store, 1);
      for (const inbox of [fast, slow, before, newcomer]) await inbox.reaches(11);
      expect(fast.flat).toEqual([...upTo(8), ...between(4, 11)]);
      // It had the old facts at hand: those that it was given before it could know are its own affair.
      expect(slow.flat).toEqual([...upTo(slow.flat.indexOf(4, 6)), ...between(4, 11)]);
      // This one never saw what is gone.
      expect(before.flat).toEqual(upTo(11));
      expect(newcomer.flat).toEqual([11]);
      expect(typed.flat).toEqual([4, 5]);
      await settle();
      expect(await noticed(reported)).toHaveLength(3);
    });

    it('may be replaced again and again', async () => {
      const { database, store, reported } = await open();
      const inbox = new Inbox();
      await store.streamAll(inbox.handle).started;
      await append(store, 2);
      await inbox.reaches(2);
      const expected = upTo(2);
      let length = 2;
      for (let round = 1; round <= 12; round++) {
        const restore = await database.backUp();
        const [lost, later] = [1 + (round % 4), 1 + ((round * 5) % 7)];
        await append(store, lost);
        expected.push(...between(length + 1, length + lost));
        await until(
          () => inbox.flat.length === expected.length,
          () => `round ${round}: ${expected.join()}; there is ${inbox.flat.join()}`,
        );
        await restore();
        await append(store, later);
        expected.push(...between(length + 1, length + later));
        length += later;
        await until(
          () => inbox.flat.length === expected.length,
          () => `round ${round}: ${expected.join()}; there is ${inbox.flat.join()}`,
        );
        expect(inbox.flat).toEqual(expected);
        expect(await noticed(reported, round)).toHaveLength(round);
      }
    });

    it('is not handed from memory to a durable stream whose restored cursor fits', async () => {
      for (let round = 0; round < 5; round++) {
        const { database, store, reported } = await open();
        store.streamAll(() => undefined);
        const before = new Inbox();
        const first = await store.streamAllDurable({ name: 'all' }, before.handle);
        await append(store, 3);
        await before.reaches(3);
        first.unsubscribe();
        // When the name is free its cursor is stored.
        const second = await store.streamAllDurable({ name: 'all' }, before.handle);
        const restore = await database.backUp();
        await store.append([fact('old', { round })]);
        await store.append([fact('old', { round })]);
        await before.reaches(5);
        second.unsubscribe();
        (await store.streamAllDurable({ name: 'all' }, before.handle)).unsubscribe();
        await restore();
        const after = new Inbox();
        const registration = store.streamAllDurable({ name: 'all' }, after.handle);
        await store.append([fact('new', { round })]);
        await registration;
        await store.append([fact('new', { round })]);
        await until(
          () => after.flatLast === 5,
          () => `fact 5; ${after.flat.join()}, ${reported.join('\n')}`,
        );
        expect(after.flat).toEqual([4, 5]);
        expect(after.batches.flat().map(({ event_type }) => event_type)).toEqual(['new', 'new']);
      }
    });
  });
}
