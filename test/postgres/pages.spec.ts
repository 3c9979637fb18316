import { describe, expect, it } from '@jest/globals';
import { groupBatches, pageStatement, readRows } from '../../lib/stores/postgres/log/batches.js';
import { toMark, toRecord } from '../../lib/stores/postgres/connection/records.js';
import { numbers, upTo } from '../support/facts/facts.js';

/** A row as the server sends it; `boundaries` are the page's where it is the first after the cursor. */
function row(number: number, boundaries: string | null = null): (string | null)[] {
  return [String(number), '"2026-01-02T03:04:05.12"', 'noted', `{"n":${number}}`, boundaries];
}

/** What a page of the facts `after + 1` to `last` is, with the batches that are given. */
function page(
  { after, last, limit }: { after: number; last: number; limit: number },
  boundaries: [number, number][],
) {
  const text = boundaries.length === 0 ? null : boundaries.flat().join(' ');
  const rows = upTo(last)
    .slice(after === 0 ? 0 : after - 1)
    .map((number) => row(number, number === after + 1 ? text : null));
  return readRows(rows, BigInt(after), limit);
}

describe('A fact’s row', () => {
  it('is a record, and what tells it from others', () => {
    const record = {
      sequence_number: 9007199254740993n,
      occurred_at: '2026-01-02T03:04:05.12Z',
      event_type: 'ä',
      payload: { n: [1, null] },
    };
    const columns = ['9007199254740993', '"2026-01-02T03:04:05.12"', 'ä'];
    expect(toRecord([...columns, '{"n": [1, null]}'])).toEqual(record);
    expect(toMark([...columns, '{"n": [1, null]}'])).toEqual(record);
    // A payload that is too large to be compared.
    const { payload: _payload, ...mark } = record;
    for (const payload of [null, undefined as never]) {
      expect(toMark([...columns, payload])).toEqual(mark);
      expect('payload' in toMark([...columns, payload])).toBe(false);
    }
  });
});

describe('A page’s rows', () => {
  it('begin with the fact at the cursor, where that is there', () => {
    const { at, records, boundaries } = page({ after: 3, last: 6, limit: 3 }, [[4, 5]]);
    expect(at?.sequence_number).toBe(3n);
    expect(numbers(records)).toEqual([4, 5, 6]);
    expect(boundaries).toEqual([{ first: 4n, last: 5n }]);
  });

  it('have a fact too many where the one at the cursor is not there', () => {
    const { at, records } = page({ after: 0, last: 4, limit: 3 }, []);
    expect(at).toBeNull();
    expect(numbers(records)).toEqual([1, 2, 3]);
  });

  it('may be none', () => {
    expect(readRows([], 5n, 3)).toEqual({ at: null, records: [], boundaries: [] });
    expect(readRows([row(5)], 5n, 3)).toMatchObject({ records: [], boundaries: [] });
  });

  it('are asked for by the cursor and the limit', () => {
    const { name, values, text } = pageStatement('"s"', 7n, 100);
    expect([name, values]).toEqual(['page', ['7', 100]]);
    expect(text).toContain('FROM "s".events');
  });
});

describe('A page’s batches', () => {
  it.each<[string, Parameters<typeof page>, number[][], bigint | undefined]>([
    ['of one fact each', [{ after: 0, last: 3, limit: 3 }, []], [[1], [2], [3]], undefined],
    [
      'of some facts, and of one',
      [
        { after: 0, last: 6, limit: 6 },
        [
          [2, 3],
          [5, 6],
        ],
      ],
      [[1], [2, 3], [4], [5, 6]],
      undefined,
    ],
    [
      'with a row each',
      [
        { after: 0, last: 3, limit: 3 },
        [
          [1, 1],
          [2, 3],
        ],
      ],
      [[1], [2, 3]],
      undefined,
    ],
    [
      'that the page’s end cuts',
      [
        { after: 0, last: 4, limit: 4 },
        [
          [2, 3],
          [4, 5],
        ],
      ],
      [[1], [2, 3]],
      5n,
    ],
    [
      'that ends with the page',
      [{ after: 0, last: 4, limit: 4 }, [[2, 4]]],
      [[1], [2, 3, 4]],
      undefined,
    ],
    ['that is longer than the page', [{ after: 0, last: 2, limit: 2 }, [[1, 9]]], [], 9n],
    [
      'that the cursor is inside of',
      [{ after: 3, last: 6, limit: 3 }, [[2, 5]]],
      [[4, 5], [6]],
      undefined,
    ],
    [
      'that ended before the page',
      [
        { after: 3, last: 5, limit: 3 },
        [
          [1, 2],
          [3, 3],
          [4, 5],
        ],
      ],
      [[4, 5]],
      undefined,
    ],
    [
      'that begins after the page',
      [{ after: 0, last: 2, limit: 2 }, [[3, 4]]],
      [[1], [2]],
      undefined,
    ],
  ])('%s', (_name, [given, boundaries], batches, cutUntil) => {
    const found = groupBatches(page(given, boundaries));
    expect(found.batches.map(({ event_records }) => numbers(event_records))).toEqual(batches);
    expect(found.cutUntil).toBe(cutUntil);
    for (const { first_sequence_number, last_sequence_number, event_records } of found.batches) {
      expect(first_sequence_number).toBe(event_records[0]!.sequence_number);
      expect(last_sequence_number).toBe(event_records.at(-1)!.sequence_number);
    }
  });
});
