import { describe, expect, it } from '@jest/globals';
import { WHOLE_CONTEXT, preparePage } from '../../lib/contract/query-page.js';
import type { EventQuery } from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import { Parameters, filterCondition, sqlFilters } from '../../lib/stores/postgres/log/filters.js';
import {
  newestStatement,
  queryResult,
  queryStatement,
  rowsStatement,
} from '../../lib/stores/postgres/log/query.js';
import { containing, ofTypes } from '../support/facts/facts.js';

const everything = { types: null, containers: null, scalars: null };
const prepare = (query: EventQuery) => prepareQuery(query, DEFAULT_LIMITS);

function condition(query: EventQuery): [string, unknown[]] {
  const parameters = new Parameters();
  return [filterCondition(sqlFilters(prepare(query)), parameters), parameters.values];
}

describe('A query’s filters for SQL', () => {
  it.each<[string, EventQuery, ReturnType<typeof sqlFilters>]>([
    ['of everything', {}, [everything]],
    ['with one that is empty', { filters: [{ event_types: ['a'] }, {}] }, [everything]],
    ['of types, each once', ofTypes('a', 'b', 'a'), [{ ...everything, types: '{"a","b"}' }]],
    [
      'of types in two filters are one',
      { filters: [{ event_types: ['a'] }, { event_types: ['b', 'a'] }] },
      [{ ...everything, types: '{"a","b"}' }],
    ],
    [
      'of predicates, scalar or not',
      containing({ n: 1 }, 'a', null, [2], 3),
      [
        {
          types: null,
          containers: String.raw`{"{\"n\":1}","[2]"}`,
          scalars: String.raw`{"\"a\"","null","3"}`,
        },
      ],
    ],
    [
      'of predicates in two filters are one',
      { filters: [{ payload_predicates: [{}] }, { payload_predicates: [1] }] },
      [{ types: null, containers: '{"{}"}', scalars: '{"1"}' }],
    ],
    [
      'of both stay apart',
      {
        filters: [
          { event_types: ['a'], payload_predicates: [1] },
          { event_types: ['b'], payload_predicates: [{}] },
          { event_types: ['c'] },
          { payload_predicates: [2] },
        ],
      },
      [
        { ...everything, types: '{"c"}' },
        { types: null, containers: '{}', scalars: '{"2"}' },
        { types: '{"a"}', containers: '{}', scalars: '{"1"}' },
        { types: '{"b"}', containers: '{"{}"}', scalars: '{}' },
      ],
    ],
    ['of no types', { filters: [{ event_types: [], payload_predicates: [1] }] }, []],
    ['of no predicates', { filters: [{ event_types: ['a'], payload_predicates: [] }] }, []],
  ])('%s', (_name, query, filters) => {
    expect(sqlFilters(prepare(query))).toEqual(filters);
  });

  it.each<[EventQuery, string, unknown[]]>([
    [{}, 'TRUE', []],
    [{ filters: [{ event_types: [] }] }, 'FALSE', []],
    [ofTypes('a'), '(event_type = ANY ($1::text[]))', ['{"a"}']],
    [containing({}), '((payload @> ANY ($1::jsonb[])))', ['{"{}"}']],
    [
      containing(1),
      "(((payload @> ANY ($1::jsonb[]) AND jsonb_typeof(payload) <> 'array')))",
      ['{"1"}'],
    ],
    [
      { filters: [{ event_types: ['b'] }, { event_types: ['a'], payload_predicates: [{}, 1] }] },
      "(event_type = ANY ($1::text[])) OR (event_type = ANY ($2::text[]) AND (payload @> ANY ($3::jsonb[]) OR (payload @> ANY ($4::jsonb[]) AND jsonb_typeof(payload) <> 'array')))",
      ['{"b"}', '{"a"}', '{"{}"}', '{"1"}'],
    ],
  ])('%j is a condition of placeholders', (query, text, values) => {
    expect(condition(query)).toEqual([text, values]);
  });
});

const log = { schema: '"s"', log: '4711' };

describe('The statement of a query', () => {
  it('is a page of the log where it asks for everything', () => {
    const after = { ...prepare({}), min_sequence_number: 3n };
    const { name, values } = queryStatement(after, log, preparePage(10));
    expect([name, values]).toEqual(['read-page 4711', ['3', 10]]);
    // Without a limit it is none that is prepared.
    expect(queryStatement(prepare({}), log, WHOLE_CONTEXT).name).toBeUndefined();
  });

  it('has all of it in order, where nothing is left out', () => {
    const { text, values } = queryStatement(prepare(ofTypes('a')), log, WHOLE_CONTEXT);
    expect(text).not.toContain('context.version');
    expect(values).toEqual(['{"a"}']);
  });

  it.each([
    [0n, 10, ['{"a"}', 10]],
    [3n, 10, ['{"a"}', '3', 10]],
    [3n, Infinity, ['{"a"}', '3']],
  ])('after %d, at most %d', (min_sequence_number, limit, expected) => {
    const query = { ...prepare(ofTypes('a')), min_sequence_number };
    const { text, values } = queryStatement(query, log, preparePage(limit));
    expect(values).toEqual(expected);
    expect(text).toContain('context.version');
    expect(text.includes('LIMIT NULL')).toBe(limit === Infinity);
    expect(text.includes('sequence_number >')).toBe(min_sequence_number > 0n);
  });

  it('of a part of the log says where that begins and ends', () => {
    const range = { after: 3, last: 9 };
    const query = prepare(containing({}));
    const some = rowsStatement(query, log, { ...range, limit: 7 });
    expect(some.values).toEqual(['{"{}"}', '3', '9', 7]);
    expect(some.text).toContain('LIMIT $4::bigint');
    const all = rowsStatement(query, log, { ...range, limit: Infinity });
    expect(all.values).toEqual(['{"{}"}', '3', '9']);
    expect(all.text).toContain('LIMIT NULL');
    expect(newestStatement(query, log, range).values).toEqual(['{"{}"}', '3', '9']);
    // What is rare in a payload is not looked for along the primary key.
    expect(newestStatement(query, log, range).text).toContain('OFFSET 0');
    const mixed = prepare({ filters: [{ event_types: ['a'] }, { payload_predicates: [{}] }] });
    expect(newestStatement(mixed, log, range).text).toContain('OFFSET 0');
    expect(newestStatement(prepare(ofTypes('a')), log, range).text).not.toContain('OFFSET 0');
  });
});

describe('The answer to a query', () => {
  const row = (number: number) => [String(number), '"2026-01-02T03:04:05"', 'noted', '{}'];

  it('has rows, and the version that they carry', () => {
    const result = queryResult([
      [...row(3), '9'],
      [...row(5), '9'],
    ]);
    expect(result).toMatchObject({
      event_records: [{ sequence_number: 3n }, { sequence_number: 5n }],
      last_returned_sequence_number: 5n,
      current_context_version: 9n,
    });
  });

  it('has the last row’s number for a version where rows carry none', () => {
    expect(queryResult([row(3), row(5)])).toMatchObject({
      last_returned_sequence_number: 5n,
      current_context_version: 5n,
    });
    expect(queryResult([row(3)]).last_returned_sequence_number).toBe(3n);
    expect(queryResult([])).toEqual({
      event_records: [],
      last_returned_sequence_number: null,
      current_context_version: null,
    });
  });

  it.each([
    ['7', 7n],
    [null, null],
  ])('may have a version, %s, and no rows', (version, current_context_version) => {
    expect(queryResult([[null, null, null, null, version]])).toEqual({
      event_records: [],
      last_returned_sequence_number: null,
      current_context_version,
    });
  });
});
