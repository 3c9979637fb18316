import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventQuery } from '../../lib/contract/contract.types.js';
import { BatchBoundariesMissingError } from '../../lib/contract/errors.js';
import { fact, facts, numbers } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { batchRows, cursorRow, metadata } from './support/rows.js';

interface Golden {
  event_records: { sequence_number: number; event_type: string; payload: unknown }[];
  occurred_at: Record<string, string[]>;
  queries: {
    name: string;
    query: { filters?: EventQuery['filters']; min_sequence_number?: number };
    sequence_numbers: number[];
    current_context_version: number | null;
  }[];
  streams: {
    name: string;
    query: { filters?: EventQuery['filters'] } | null;
    replayed_batches: number[][];
    batches_when_resumed: number[][];
    stored_query_text: string;
    cursor: number;
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../fixtures/factstr-golden/expected.json', import.meta.url), 'utf8'),
) as Golden;

const versions = [
  { version: '0.5.0', format: undefined },
  { version: '0.5.2', format: 'sparse_v1' },
];

describe.each(versions)('A database that FACTSTR $version wrote', ({ version, format }) => {
  let folder: TestFolder;

  beforeEach(() => {
    folder = new TestFolder();
    folder.copyGolden(version);
  });
  afterEach(() => folder.dispose());

  it('is read fact by fact', () => {
    const { event_records } = folder.open().query({});
    const times = golden.occurred_at[`factstr-${version}.sqlite`]!;
    expect(event_records).toEqual(
      golden.event_records.map((record, index) => ({
        ...record,
        sequence_number: BigInt(record.sequence_number),
        occurred_at: times[index],
      })),
    );
  });

  it.each(golden.queries)('answers the query: $name', (expected) => {
    const { filters, min_sequence_number } = expected.query;
    const result = folder.open().query({
      filters,
      min_sequence_number: min_sequence_number === undefined ? null : BigInt(min_sequence_number),
    });
    expect(numbers(result.event_records)).toEqual(expected.sequence_numbers);
    expect(result.current_context_version).toBe(
      expected.current_context_version === null ? null : BigInt(expected.current_context_version),
    );
  });

  it.each(golden.streams)('resumes the durable stream $name', async (stream) => {
    expect(cursorRow(folder, stream.name)).toEqual({
      event_query: stream.stored_query_text,
      last_processed_sequence_number: stream.cursor,
    });
    const inbox = new Inbox();
    const query = { filters: stream.query?.filters ?? null };
    await folder.open().streamToDurable({ name: stream.name }, query, inbox.handle);
    expect(inbox.numbers).toEqual(stream.batches_when_resumed);
    expect(cursorRow(folder, stream.name)).toEqual({
      event_query: stream.stored_query_text,
      last_processed_sequence_number: 39,
    });
  });

  it.each(golden.streams)('replays the query of $name to a new stream', async (stream) => {
    const inbox = new Inbox();
    const query = { filters: stream.query?.filters ?? null };
    await folder.open().streamToDurable({ name: 'new' }, query, inbox.handle);
    expect(inbox.numbers).toEqual([...stream.replayed_batches, ...stream.batches_when_resumed]);
    expect(cursorRow(folder, 'new')?.event_query).toBe(stream.stored_query_text);
  });

  it('keeps its format under our appends', async () => {
    const before = batchRows(folder);
    const store = folder.open();
    store.append(facts(1));
    store.append(facts(3));
    await store.promises.append(facts(1));
    expect(metadata(folder)['append_batch_boundary_format']).toBe(format);
    expect(metadata(folder)['store_format_version']).toBe('1');
    const added =
      format === undefined
        ? [
            [40, 40],
            [41, 43],
            [44, 44],
          ]
        : [[41, 43]];
    expect(batchRows(folder)).toEqual([...before, ...added]);
  });
});

describe('A log that FACTSTR 0.5.0 began and 0.5.2 continued', () => {
  let folder: TestFolder;

  beforeEach(() => {
    folder = new TestFolder();
    folder.copyGolden('0.5.0');
    const database = folder.database();
    // 0.5.2 writes a row for appends of several facts only.
    const insert = database.prepare(
      `INSERT INTO events VALUES (?, '2026-11-24T08:00:00.000000001Z', 'noted', '{}')`,
    );
    for (const number of [40, 41, 42, 43]) insert.run(number);
    database.prepare('INSERT INTO append_batches VALUES (41, 42)').run();
    database.close();
  });
  afterEach(() => folder.dispose());

  it('refuses durable streams, says why, and names the way out', async () => {
    const store = folder.open();
    const error = await errorOf(() => store.streamAllDurable({ name: 'all' }, () => undefined));
    expect(error).toBeInstanceOf(BatchBoundariesMissingError);
    expect(error.message).toContain('append_batches');
    expect(error.message).toContain('adoptBatchBoundaries()');
    expect(cursorRow(folder, 'all')?.last_processed_sequence_number).toBe(36);
  });

  it('is appended to, queried and streamed live', async () => {
    const store = folder.open();
    const inbox = new Inbox();
    await store.streamAll(inbox.handle).started;
    store.append(facts(1));
    store.append(facts(2));
    await inbox.reaches(46);
    expect(inbox.numbers).toEqual([[44], [45, 46]]);
    expect(store.query({ min_sequence_number: 39n }).event_records).toHaveLength(7);
    expect(batchRows(folder).slice(-3)).toEqual([
      [41, 42],
      [44, 44],
      [45, 46],
    ]);
  });

  it('runs durable streams once its boundaries are adopted', async () => {
    const store = folder.open();
    store.adoptBatchBoundaries();
    store.adoptBatchBoundaries();
    expect(metadata(folder)['append_batch_boundary_format']).toBe('sparse_v1');
    const inbox = new Inbox();
    await store.streamAllDurable({ name: 'all' }, inbox.handle);
    expect(inbox.numbers).toEqual([[37, 38], [39], [40], [41, 42], [43]]);
    store.append([fact('noted')]);
    expect(batchRows(folder).at(-1)).toEqual([41, 42]);
  });

  it('is written sparsely as soon as another process has adopted its boundaries', () => {
    const store = folder.open();
    folder.open().adoptBatchBoundaries();
    store.append(facts(1));
    expect(batchRows(folder).at(-1)).toEqual([41, 42]);
  });
});
