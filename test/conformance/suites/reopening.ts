import { describe, expect, it } from '@jest/globals';
import {
  CursorAheadOfLogError,
  CursorFactChangedError,
  CursorMovedError,
  DurableStreamQueryChangedError,
} from '../../../lib/contract/errors.js';
import type { FactstrError } from '../../../lib/contract/errors.js';
import { fact, facts, headOf, ofTypes } from '../../support/facts/facts.js';
import { Inbox } from '../../support/inbox/inbox.js';
import { errorOf } from '../../support/facts/outcome.js';
import { databasesOf } from '../../support/providers/provider.js';
import type { Provider, SharedDatabase } from '../../support/providers/provider.js';

export function describeReopening(provider: Provider<SharedDatabase>): void {
  describe('a database that is opened again', () => {
    const createDatabase = databasesOf(provider);

    it('holds the same facts, and goes on with the next number', async () => {
      const database = await createDatabase();
      const store = await database.open();
      await store.append([fact('a', { n: 1, deep: [{ x: null }] }), fact('b', 'text')]);
      const before = await store.query({});
      await store.close();
      const again = await database.open();
      expect(await again.query({})).toEqual(before);
      expect((await again.append(facts(1))).first_sequence_number).toBe(3n);
      expect((await again.appendIf(facts(1), ofTypes('a'), 1n)).append_result).toBeTruthy();
    });

    it('delivers to a durable stream what came after its cursor', async () => {
      const database = await createDatabase();
      let store = await database.open();
      await store.append(facts(2));
      await store.streamAllDurable({ name: 'all' }, () => undefined);
      await store.close();
      store = await database.open();
      await store.append(facts(2));
      await store.append(facts(1));
      const inbox = new Inbox();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      expect(inbox.numbers).toEqual([[3, 4], [5]]);
    });

    it('has free names, at whatever moment of a registration the store was closed', async () => {
      const database = await createDatabase();
      // A name that stays taken is free after the TTL only: that would be the test's timeout.
      const options = { leaseTtl: 3_600_000 };
      let store = await database.open(options);
      for (let moment = 0; moment < 40; moment++) {
        const name = `closed at ${moment}`;
        const registered = Promise.resolve(store.streamAllDurable({ name }, () => undefined)).then(
          () => 'registered',
          (error: FactstrError) => error.code,
        );
        for (let turn = 0; turn < moment; turn++) await Promise.resolve();
        await store.close();
        expect(['registered', 'STREAM_ENDED', 'STORE_CLOSED']).toContain(await registered);
        store = await database.open(options);
        await store.streamAllDurable({ name }, () => undefined);
        await store.close();
        store = await database.open(options);
      }
    });

    it('delivers again what had failed', async () => {
      const database = await createDatabase();
      let store = await database.open();
      await store.append(facts(1));
      await store.append(facts(1));
      await errorOf(() =>
        store.streamAllDurable({ name: 'all' }, (events) => events[0]!.sequence_number < 2n),
      );
      await store.close();
      store = await database.open();
      const inbox = new Inbox();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      expect(inbox.numbers).toEqual([[2]]);
    });

    it('delivers nothing where the cursor passed what does not match', async () => {
      const database = await createDatabase();
      let store = await database.open();
      await store.append(facts(3, 'b'));
      await store.streamToDurable({ name: 'a' }, ofTypes('a'), () => undefined);
      await store.close();
      store = await database.open();
      const inbox = new Inbox();
      await store.streamToDurable({ name: 'a' }, ofTypes('a'), inbox.handle);
      expect(inbox.batches).toEqual([]);
      expect((await store.log.cursorStore.find('a'))?.position).toBe(3n);
    });

    it('ties a name to the meaning of its query', async () => {
      const database = await createDatabase();
      let store = await database.open();
      const filters = [{ event_types: ['a', 'b'], payload_predicates: [{ x: 1, y: 1e21 }] }];
      await store.streamToDurable({ name: 'tied' }, { filters }, () => undefined);
      await store.close();
      store = await database.open();
      expect(
        await errorOf(() =>
          store.streamToDurable({ name: 'tied' }, ofTypes('a', 'b'), () => undefined),
        ),
      ).toBeInstanceOf(DurableStreamQueryChangedError);
      const reordered = [{ payload_predicates: [{ y: 1e21, x: 1 }], event_types: ['b', 'a'] }];
      await store.streamToDurable({ name: 'tied' }, { filters: reordered }, () => undefined);
    });
  });

  describe('a cursor that another engine moved', () => {
    const createDatabase = databasesOf(provider);

    it.each([
      ['forwards', 5n, 7n, [8]],
      ['backwards', 5n, 3n, [4, 5, 6, 7, 8]],
      ['to the beginning', 5n, 0n, [1, 2, 3, 4, 5, 6, 7, 8]],
    ] as const)('(%s) is gone on from, and told of once', async (_, from, to, expected) => {
      const database = await createDatabase();
      const reported: FactstrError[] = [];
      const open = () => database.open({ onStreamError: (error) => reported.push(error) });
      let store = await open();
      for (let n = 0; n < 5; n++) await store.append([fact('a', { n })]);
      await store.streamAllDurable({ name: 'all' }, () => undefined);
      await store.close();
      await database.moveCursor('all', to);
      store = await open();
      for (let n = 5; n < 8; n++) await store.append([fact('a', { n })]);
      const inbox = new Inbox();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      expect(inbox.flat).toEqual(expected);
      expect(reported).toHaveLength(1);
      expect(reported[0]).toBeInstanceOf(CursorMovedError);
      expect(reported[0]).toMatchObject({ from, to });
      expect(reported[0]!.message).toMatch(new RegExp(`"all".* ${to}.* ${from}`, 's'));
      await store.close();
      store = await open();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      expect(inbox.flat).toEqual(expected);
      expect(reported).toHaveLength(1);
    });

    it('is told of once, also when nothing was processed since', async () => {
      const database = await createDatabase();
      const reported: FactstrError[] = [];
      let store = await database.open();
      for (let n = 0; n < 5; n++) await store.append([fact('a', { n })]);
      await store.streamAllDurable({ name: 'all' }, () => undefined);
      await store.close();
      store = await database.open();
      await store.append([fact('a')]);
      await store.close();
      for (const to of [6n, 3n, 5n]) {
        await database.moveCursor('all', to);
        for (let start = 0; start < 2; start++) {
          store = await database.open({ onStreamError: (error) => reported.push(error) });
          // Its first delivery fails: nothing is processed.
          await errorOf(() => store.streamAllDurable({ name: 'all' }, () => false)).catch(
            () => undefined,
          );
          await store.close();
        }
      }
      const moves = reported.filter((error) => error instanceof CursorMovedError);
      expect(moves.map(({ from, to }) => [from, to])).toEqual([
        [5n, 6n],
        [6n, 3n],
        [3n, 5n],
      ]);
    });
  });

  describe('a log that is not the one a cursor was moved on', () => {
    const createDatabase = databasesOf(provider);

    /** A durable stream has processed facts 1 to 5; then the log changes behind its back. */
    async function resumedAfter(
      change: (database: SharedDatabase) => Promise<void>,
      regrowTo = 0,
    ): Promise<{ error: FactstrError | undefined; inbox: Inbox }> {
      const database = await createDatabase();
      let store = await database.open();
      for (let n = 0; n < 5; n++) await store.append([fact('a', { n })]);
      await store.streamAllDurable({ name: 'all' }, () => undefined);
      await store.close();
      await change(database);
      store = await database.open();
      while (((await headOf(store)) ?? 0n) < regrowTo) await store.append([fact('a', 'regrown')]);
      const inbox = new Inbox();
      let error: FactstrError | undefined;
      try {
        await store.streamAllDurable({ name: 'all' }, inbox.handle);
      } catch (failure) {
        error = failure as FactstrError;
      }
      return { error, inbox };
    }

    it('is refused when the cursor stands beyond its head', async () => {
      const { error, inbox } = await resumedAfter((database) => database.removeFactsAfter(3n));
      expect(error).toBeInstanceOf(CursorAheadOfLogError);
      expect(error?.message).toMatch(/"all".* 5.* 3/s);
      expect(inbox.batches).toEqual([]);
    });

    it('is refused when it is empty', async () => {
      const { error } = await resumedAfter((database) => database.removeFactsAfter(0n));
      expect(error).toBeInstanceOf(CursorAheadOfLogError);
    });

    it.each([5, 7])('is refused when it was restored and has regrown to %d', async (head) => {
      const { error, inbox } = await resumedAfter(
        (database) => database.removeFactsAfter(3n),
        head,
      );
      expect(error).toBeInstanceOf(CursorFactChangedError);
      expect(error?.message).toContain('"all"');
      expect(error?.message).not.toContain('regrown');
      expect(inbox.batches).toEqual([]);
    });

    it('is refused when the fact at the cursor has another payload', async () => {
      const { error, inbox } = await resumedAfter((database) =>
        database.changePayload(5n, { n: 'edited' }),
      );
      expect(error).toBeInstanceOf(CursorFactChangedError);
      expect(inbox.batches).toEqual([]);
    });

    it('is accepted when only newer facts are gone', async () => {
      const database = await createDatabase();
      let store = await database.open();
      await store.append(facts(2));
      await store.streamAllDurable({ name: 'all' }, () => undefined);
      await store.close();
      store = await database.open();
      await store.append(facts(2));
      await store.close();
      await database.removeFactsAfter(2n);
      store = await database.open();
      const inbox = new Inbox();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      await store.append(facts(1));
      await inbox.reaches(3);
      expect(inbox.numbers).toEqual([[3]]);
    });
  });
}
