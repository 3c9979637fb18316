import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../../lib/contract/contract.types.js';
import { Inbox } from '../../support/inbox/inbox.js';
import { numbers } from '../../support/facts/facts.js';
import type { ConformingStore, Database, Provider } from '../../support/providers/provider.js';

interface Golden {
  appends: ({ first: number; last: number } | { conflict: { actual: number } })[];
  event_records: (NewEvent & { sequence_number: number })[];
  queries: {
    name: string;
    query: WrittenQuery;
    sequence_numbers: number[];
    last_returned_sequence_number: number | null;
    current_context_version: number | null;
  }[];
  streams: {
    name: string;
    query: WrittenQuery | null;
    replayed_batches: number[][];
    batches_when_resumed: number[][];
  }[];
}

/** JSON has no bigint. */
interface WrittenQuery {
  filters?: EventQuery['filters'];
  min_sequence_number?: number;
}

const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/factstr-golden/expected.json', import.meta.url), 'utf8'),
) as Golden;

function readQuery({ filters, min_sequence_number }: WrittenQuery): EventQuery {
  return {
    filters,
    min_sequence_number: min_sequence_number === undefined ? null : BigInt(min_sequence_number),
  };
}

const big = (value: number | null): bigint | null => (value === null ? null : BigInt(value));

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
