import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { FactStore } from '../../../lib/contract/contract.types.js';
import { BatchBoundariesMissingError } from '../../../lib/contract/errors.js';
import { facts, numbers } from '../../support/facts/facts.js';
import { errorOf } from '../../support/facts/outcome.js';
import { big, golden, readQuery } from '../../support/fixtures/golden.js';
import { Inbox } from '../../support/inbox/inbox.js';

/** A database that FACTSTR wrote, its tables, and the stores that were opened on it. */
export interface WrittenDatabase {
  open(): FactStore & { adoptBatchBoundaries(): unknown };
  /** A durable stream's stored query and position. */
  cursor(name: string): Promise<{ query: string; position: number } | undefined>;
  /** `append_batches` as [first, last]. */
  batchRows(): Promise<number[][]>;
  /** `store_metadata`; `undefined` without such a table. */
  metadata(): Promise<Record<string, string> | undefined>;
  /** Appends as FACTSTR 0.5.2 does: facts 40, 41 and 42 of one batch, and 43. */
  continueSparsely(): Promise<void>;
  dispose(): Promise<void>;
}

export interface WrittenProvider {
  /** How the reference databases of this provider end their names. */
  readonly suffix: string;
  readonly load: (version: string) => Promise<WrittenDatabase>;
  /** What a database of 0.5.0 has of `store_metadata`. */
  readonly metadataOf050: Record<string, string> | undefined;
}

const versions = [
  { version: '0.5.0', sparse: false },
  { version: '0.5.2', sparse: true },
];

const SPARSE = { store_format_version: '1', append_batch_boundary_format: 'sparse_v1' };

/** FACTSTR's databases are read, gone on with, and left in the format that they have. */
export function describeWrittenByFactstr({ suffix, load, metadataOf050 }: WrittenProvider): void {
  describe.each(versions)('A database that FACTSTR $version wrote', ({ version, sparse }) => {
    describe('read only', () => {
      let database: WrittenDatabase;
      beforeAll(async () => {
        database = await load(version);
      });
      afterAll(() => database.dispose());

      it('is read fact by fact', async () => {
        const { event_records } = await database.open().query({});
        const times = golden.occurred_at[`factstr-${version}.${suffix}`]!;
        expect(event_records).toEqual(
          golden.event_records.map((record, index) => ({
            ...record,
            sequence_number: BigInt(record.sequence_number),
            occurred_at: times[index],
          })),
        );
      });

      // On Postgres, but for the exception of @> that the contract closes.
      it.each(golden.queries)('answers the query as FACTSTR does: $name', async (expected) => {
        const result = await database.open().query(readQuery(expected.query));
        expect(numbers(result.event_records)).toEqual(expected.sequence_numbers);
        expect(result.last_returned_sequence_number).toBe(
          big(expected.last_returned_sequence_number),
        );
        expect(result.current_context_version).toBe(big(expected.current_context_version));
      });

      it('judges every context as it answers the query', async () => {
        const store = database.open();
        for (const { name, query, current_context_version } of golden.queries) {
          const context = { filters: query.filters };
          // A version that no context has.
          const { conflict } = await store.appendIf(facts(1), context, 1_000n);
          const expected = (await store.query(context)).current_context_version;
          expect([name, conflict?.actual_context_version]).toEqual([name, expected]);
          expect(expected).toBe(big(current_context_version));
        }
      });
    });

    describe('written to', () => {
      let database: WrittenDatabase;
      beforeEach(async () => {
        database = await load(version);
      });
      afterEach(() => database.dispose());

      it.each(golden.streams)('resumes the durable stream $name', async (stream) => {
        const { stored_query_text: query, cursor: position } = stream;
        expect(await database.cursor(stream.name)).toEqual({ query, position });
        const inbox = new Inbox();
        await database
          .open()
          .streamToDurable({ name: stream.name }, readQuery(stream.query ?? {}), inbox.handle);
        expect(inbox.numbers).toEqual(stream.batches_when_resumed);
        expect(await database.cursor(stream.name)).toEqual({ query, position: 39 });
      });

      it('replays the queries to new streams, and stores their text as FACTSTR does', async () => {
        const store = database.open();
        for (const stream of golden.streams) {
          const inbox = new Inbox();
          const name = `new ${stream.name}`;
          await store.streamToDurable({ name }, readQuery(stream.query ?? {}), inbox.handle);
          expect([name, inbox.numbers]).toEqual([
            name,
            [...stream.replayed_batches, ...stream.batches_when_resumed],
          ]);
          expect(await database.cursor(name)).toEqual({
            query: stream.stored_query_text,
            position: 39,
          });
        }
      });

      it('keeps its format', async () => {
        const before = await database.batchRows();
        const store = database.open();
        for (const count of [1, 3, 1]) await store.append(facts(count));
        const added = sparse
          ? [[41, 43]]
          : [
              [40, 40],
              [41, 43],
              [44, 44],
            ];
        expect(await database.batchRows()).toEqual([...before, ...added]);
        expect(await database.metadata()).toEqual(sparse ? SPARSE : metadataOf050);
      });
    });
  });

  describe('A log that FACTSTR 0.5.0 began and 0.5.2 continued', () => {
    let database: WrittenDatabase;
    beforeEach(async () => {
      database = await load('0.5.0');
      await database.continueSparsely();
    });
    afterEach(() => database.dispose());

    it('refuses durable streams, says why, and names the way out', async () => {
      const store = database.open();
      const error = await errorOf(() => store.streamAllDurable({ name: 'all' }, () => undefined));
      expect(error).toBeInstanceOf(BatchBoundariesMissingError);
      expect(error.message).toContain('append_batches');
      expect(error.message).toContain('adoptBatchBoundaries()');
      expect(await database.cursor('all')).toMatchObject({ position: 36 });
    });

    it('is appended to, queried and streamed live', async () => {
      const store = database.open();
      const inbox = new Inbox();
      await store.streamAll(inbox.handle).started;
      await store.append(facts(1));
      await store.append(facts(2));
      await inbox.reaches(46);
      expect(inbox.numbers).toEqual([[44], [45, 46]]);
      expect((await store.query({ min_sequence_number: 39n })).event_records).toHaveLength(7);
      expect((await database.batchRows()).slice(-3)).toEqual([
        [41, 42],
        [44, 44],
        [45, 46],
      ]);
    });

    it('runs durable streams once its boundaries are adopted, facts without a row as batches of one', async () => {
      const store = database.open();
      await store.adoptBatchBoundaries();
      await store.adoptBatchBoundaries();
      expect(await database.metadata()).toEqual(SPARSE);
      const inbox = new Inbox();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      expect(inbox.numbers).toEqual([[37, 38], [39], [40], [41, 42], [43]]);
      await store.append(facts(1));
      await inbox.reaches(44);
      expect(inbox.numbers.at(-1)).toEqual([44]);
      expect((await database.batchRows()).at(-1)).toEqual([41, 42]);
    });

    it('runs durable streams of a store that was open when another one adopted its boundaries', async () => {
      const store = database.open();
      // It is open, and knows the log.
      expect((await store.query({})).event_records).toHaveLength(43);
      await database.open().adoptBatchBoundaries();
      const inbox = new Inbox();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      expect(inbox.flatLast).toBe(43);
    });
  });

  it('Adopting the batch boundaries of a log of FACTSTR 0.5.0 adds what 0.5.2 asks for', async () => {
    const database = await load('0.5.0');
    try {
      await database.open().adoptBatchBoundaries();
      expect(await database.metadata()).toEqual(SPARSE);
    } finally {
      await database.dispose();
    }
  });
}
