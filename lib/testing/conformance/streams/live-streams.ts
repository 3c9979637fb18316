import { StreamHandlerError } from '../../../contract/errors.js';
import type { FactstrError } from '../../../contract/errors.js';
import { fact, facts, ofTypes, upTo } from '../support/facts.js';
import { Gate } from '../support/inbox.js';
import type { Conformance } from '../conformance.js';
import { catchWarnings } from '../support/warnings.js';
import { FAILURES, SUCCESSES } from '../support/results.js';

export function describeLiveStreams(conformance: Conformance): void {
  const { describe, it, itWith, expect, until, settle, Inbox } = conformance;
  describe('live streams', () => {
    const openStore = conformance.stores();

    it('deliver what is committed after the call, one committed batch at a time', async () => {
      const store = await openStore();
      await store.append(facts(2));
      const inbox = new Inbox();
      await store.streamAll(inbox.handle).started;
      await store.append(facts(1));
      await store.append(facts(3));
      await store.append(facts(1));
      await inbox.reaches(7);
      expect(inbox.numbers).toEqual([[3], [4, 5, 6], [7]]);
    });

    it('deliver the records that query returns', async () => {
      const store = await openStore();
      const inbox = new Inbox();
      store.streamAll(inbox.handle);
      await store.append([fact('added', { sku: 'a', tags: ['x'] }), fact('removed', null)]);
      await inbox.reaches(2);
      expect(inbox.batches.flat()).toEqual((await store.query({})).event_records);
    });

    it('deliver appends that follow the call without an await', async () => {
      const store = await openStore();
      await store.append(facts(3));
      const inbox = new Inbox();
      store.streamAll(inbox.handle);
      const appends: unknown[] = [];
      for (let n = 0; n < 20; n++) appends.push(store.append(facts(1)));
      await Promise.all(appends);
      await inbox.reaches(23);
      expect(inbox.flat).toEqual(upTo(23).slice(3));
    });

    it('never deliver twice or out of order while appends race', async () => {
      const store = await openStore();
      const inboxes = Array.from({ length: 5 }, () => new Inbox());
      const appends: unknown[] = [];
      for (let n = 0; n < 100; n++) {
        if (n % 20 === 0) store.streamAll(inboxes[n / 20]!.handle);
        appends.push(store.append(facts(1 + (n % 3))));
      }
      await Promise.all(appends);
      const head = Number((await store.query({})).current_context_version);
      for (const [index, inbox] of inboxes.entries()) {
        await inbox.reaches(head);
        const first = inbox.flat[0]!;
        expect(inbox.flat).toEqual(upTo(head).slice(first - 1));
        // Each began no later than the first append after its call.
        const appendedBefore = facts(index * 20).reduce((sum, _, n) => sum + 1 + (n % 3), 0);
        expect(first).toBeLessThanOrEqual(appendedBefore + 1);
      }
    });

    it('filter within batches, and skip batches without a match', async () => {
      const store = await openStore();
      const inbox = new Inbox();
      store.streamTo(ofTypes('a'), inbox.handle);
      await store.append([fact('a'), fact('b'), fact('a')]);
      await store.append([fact('b')]);
      await store.append([fact('b'), fact('a')]);
      await inbox.reaches(6);
      expect(inbox.numbers).toEqual([[1, 3], [6]]);
    });

    it('filter by payload as query does', async () => {
      const store = await openStore();
      const inbox = new Inbox();
      store.streamTo(
        { filters: [{ event_types: ['a'], payload_predicates: [{ id: 1 }, { id: 2 }] }] },
        inbox.handle,
      );
      await store.append([
        fact('a', { id: 1 }),
        fact('b', { id: 1 }),
        fact('a', { id: 3 }),
        fact('a', { id: 2, more: true }),
      ]);
      await inbox.reaches(4);
      expect(inbox.numbers).toEqual([[1, 4]]);
    });

    it('ignore min_sequence_number', async () => {
      const store = await openStore();
      const inbox = new Inbox();
      store.streamTo({ ...ofTypes('a'), min_sequence_number: 1_000n }, inbox.handle);
      await store.append([fact('a')]);
      await inbox.reaches(1);
    });

    itWith('onStreamError').each(SUCCESSES)('take %s for success', async (_, answer) => {
      const errors: FactstrError[] = [];
      const store = await openStore({ onStreamError: (error) => errors.push(error) });
      const inbox = new Inbox(answer);
      store.streamAll(inbox.handle);
      await store.append(facts(1));
      await store.append(facts(1));
      await inbox.reaches(2);
      await settle();
      expect(errors).toEqual([]);
    });

    itWith('onStreamError').each(FAILURES)('report %s and go on', async (_, answer) => {
      const errors: FactstrError[] = [];
      const store = await openStore({ onStreamError: (error) => errors.push(error) });
      const inbox = new Inbox((_events, delivery) => (delivery === 1 ? answer() : undefined));
      store.streamAll(inbox.handle);
      await store.append(facts(2));
      await store.append(facts(1));
      await inbox.reaches(3);
      expect(inbox.numbers).toEqual([[1, 2], [3]]);
      expect(errors).toHaveLength(1);
      expect(errors[0]).toBeInstanceOf(StreamHandlerError);
      expect(errors[0]!.message).toContain('facts 1 to 2');
    });

    itWith('onStreamError')('hand on what the handler threw as the cause', async () => {
      const errors: FactstrError[] = [];
      const store = await openStore({ onStreamError: (error) => errors.push(error) });
      const cause = new TypeError('broke');
      store.streamAll(() => Promise.reject(cause));
      await store.append(facts(1));
      await until(
        () => errors.length > 0,
        () => 'the report',
      );
      expect(errors[0]!.cause).toBe(cause);
    });

    itWith('onStreamError')(
      'report through process.emitWarning unless told otherwise',
      async () => {
        const warned = catchWarnings();
        try {
          const store = await openStore({ onStreamError: undefined });
          store.streamAll(() => false);
          await store.append(facts(1));
          await until(
            () => warned.length > 0,
            () => 'the warning',
          );
          expect(warned[0]).toBeInstanceOf(StreamHandlerError);
        } finally {
          warned.release();
        }
      },
    );

    itWith('onStreamError')('survive a reporter that throws', async () => {
      const warned = catchWarnings();
      try {
        const store = await openStore({
          onStreamError: () => {
            throw new Error('reporter broke');
          },
        });
        const inbox = new Inbox(() => false);
        store.streamAll(inbox.handle);
        await store.append(facts(1));
        await store.append(facts(1));
        await inbox.reaches(2);
        expect(warned.length).toBeGreaterThan(0);
      } finally {
        warned.release();
      }
    });

    it('go on after unsubscribe for the others only', async () => {
      const store = await openStore();
      const ended = new Inbox();
      const others = new Inbox();
      const subscription = store.streamAll(ended.handle);
      await store.append(facts(1));
      await ended.reaches(1);
      subscription.unsubscribe();
      subscription.unsubscribe();
      store.streamAll(others.handle);
      await store.append(facts(1));
      await others.reaches(2);
      await settle();
      expect(ended.flat).toEqual([1]);
    });

    it('let a delivery in flight finish after unsubscribe', async () => {
      const store = await openStore();
      const gate = new Gate();
      let finished = false;
      const inbox = new Inbox(async () => {
        await gate.passed;
        finished = true;
      });
      const subscription = store.streamAll(inbox.handle);
      await store.append(facts(1));
      await store.append(facts(1));
      await inbox.reaches(1);
      subscription.unsubscribe();
      gate.open();
      await until(
        () => finished,
        () => 'the delivery to finish',
      );
      const witness = new Inbox();
      store.streamAll(witness.handle);
      await store.append(facts(1));
      await witness.reaches(3);
      await settle();
      expect(inbox.flat).toEqual([1]);
    });

    it('can be ended from inside their handler', async () => {
      const store = await openStore();
      const inbox = new Inbox(() => subscription.unsubscribe());
      const subscription = store.streamAll(inbox.handle);
      const witness = new Inbox();
      store.streamAll(witness.handle);
      for (let n = 0; n < 3; n++) await store.append(facts(1));
      await inbox.reaches(1);
      await witness.reaches(3);
      await settle();
      expect(inbox.flat).toEqual([1]);
    });

    it('can be ended before they have started', async () => {
      const store = await openStore();
      const inbox = new Inbox();
      const subscription = store.streamAll(inbox.handle);
      subscription.unsubscribe();
      await subscription.started;
      const witness = new Inbox();
      store.streamAll(witness.handle);
      await store.append(facts(1));
      await witness.reaches(1);
      await settle();
      expect(inbox.flat).toEqual([]);
    });
  });
}
