import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { big, golden, readQuery } from '../../support/fixtures/golden.js';
import { Inbox } from '../../support/inbox/inbox.js';
import { numbers } from '../../support/facts/facts.js';
import type { ConformingStore, Database, Provider } from '../../support/providers/provider.js';

/** What FACTSTR itself answered, asked of a store that was given the same facts in the same batches. */
export function describeGolden(provider: Provider): void {
  describe('FACTSTR’s answers', () => {
    let database: Database;
    let store: ConformingStore;

    beforeAll(async () => {
      database = await provider.create();
      store = await database.open();
      for (const append of golden.appends) {
        if ('conflict' in append) continue;
        const batch = golden.event_records.slice(append.first - 1, append.last);
        const result = await store.append(
          batch.map(({ event_type, payload }) => ({ event_type, payload })),
        );
        expect(result.first_sequence_number).toBe(BigInt(append.first));
        expect(result.last_sequence_number).toBe(BigInt(append.last));
      }
    });
    afterAll(() => database.dispose());

    it('hold for the facts', async () => {
      const { event_records } = await store.query({});
      expect(
        event_records.map(({ sequence_number, event_type, payload }) => ({
          sequence_number: Number(sequence_number),
          event_type,
          payload,
        })),
      ).toEqual(golden.event_records);
    });

    it.each(golden.queries)('hold for the query: $name', async (expected) => {
      const result = await store.query(readQuery(expected.query));
      expect(numbers(result.event_records)).toEqual(expected.sequence_numbers);
      expect(result.last_returned_sequence_number).toBe(
        big(expected.last_returned_sequence_number),
      );
      expect(result.current_context_version).toBe(big(expected.current_context_version));
    });

    it.each(golden.streams)('hold for the durable stream: $name', async (stream) => {
      const inbox = new Inbox();
      const query = readQuery(stream.query ?? {});
      await store.streamToDurable({ name: stream.name }, query, inbox.handle);
      expect(inbox.numbers).toEqual([...stream.replayed_batches, ...stream.batches_when_resumed]);
    });
  });
}
