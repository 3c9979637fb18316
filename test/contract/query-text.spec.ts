import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EventQuery } from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import type { PreparedQuery } from '../../lib/contract/validation.js';
import { queryText, sameMeaning } from '../../lib/matching/query-text.js';
import { jsonValue } from '../support/facts/json.js';
import { reordered } from './support/json-text.js';

const prepare = (query: EventQuery): PreparedQuery => prepareQuery(query, DEFAULT_LIMITS);
const text = (query: EventQuery): string => queryText(prepare(query));
const predicate = (value: unknown): EventQuery => ({ filters: [{ payload_predicates: [value] }] });
const predicateText = (value: unknown): string => {
  const whole = text(predicate(value));
  const before = '{"filters":[{"event_types":null,"payload_predicates":[';
  const after = ']}],"min_sequence_number":null}';
  expect(whole.startsWith(before) && whole.endsWith(after)).toBe(true);
  return whole.slice(before.length, -after.length);
};

describe('a durable stream’s query text', () => {
  it.each<[EventQuery, string]>([
    [{}, '{"filters":null,"min_sequence_number":null}'],
    [{ filters: null }, '{"filters":null,"min_sequence_number":null}'],
    [{ filters: [] }, '{"filters":[],"min_sequence_number":null}'],
    [{ min_sequence_number: 7n }, '{"filters":null,"min_sequence_number":null}'],
    [
      { filters: [{}] },
      '{"filters":[{"event_types":null,"payload_predicates":null}],"min_sequence_number":null}',
    ],
    [
      { filters: [{ payload_predicates: [], event_types: [] }] },
      '{"filters":[{"event_types":[],"payload_predicates":[]}],"min_sequence_number":null}',
    ],
    [
      { filters: [{ event_types: ['b', 'a', 'b'] }, { payload_predicates: [null, 'x', [1], {}] }] },
      '{"filters":[{"event_types":["b","a","b"],"payload_predicates":null},' +
        '{"event_types":null,"payload_predicates":[null,"x",[1],{}]}],"min_sequence_number":null}',
    ],
  ])('%j', (query, expected) => {
    expect(text(query)).toBe(expected);
  });

  // What serde_json prints for what JSON.stringify writes.
  it.each<[number, string]>([
    [0, '0'],
    [-0, '0'],
    [1, '1'],
    [-1, '-1'],
    [1.5, '1.5'],
    [-19.99, '-19.99'],
    [0.1, '0.1'],
    [100, '100'],
    [1e15, '1000000000000000'],
    [1e16, '10000000000000000'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [Number.MIN_SAFE_INTEGER, '-9007199254740991'],
    [1e19, '10000000000000000000'],
    // Above 64 bits a number is a double.
    [18446744073709549568, '18446744073709550000'],
    [2 ** 64, '1.8446744073709552e+19'],
    [1e20, '1e+20'],
    [1e21, '1e+21'],
    [1.5e300, '1.5e+300'],
    [-1e300, '-1e+300'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    // Below -2^63 as well, and -2^63 is written with digits that are below it.
    [-9223372036854774784, '-9223372036854775000'],
    [-9223372036854775808, '-9.223372036854776e+18'],
    [-1e19, '-1e+19'],
    // Small ones turn scientific at 1e-5, a step before JavaScript's.
    [0.00001, '0.00001'],
    [0.000012, '0.000012'],
    [-0.00001, '-0.00001'],
    [0.000001, '1e-6'],
    [0.0000099, '9.9e-6'],
    [0.0000012345, '1.2345e-6'],
    [1e-7, '1e-7'],
    [5e-324, '5e-324'],
    [2.2250738585072014e-308, '2.2250738585072014e-308'],
  ])('writes the number %d as %s', (number, expected) => {
    expect(predicateText(number)).toBe(expected);
    expect(predicateText({ n: [number] })).toBe(`{"n":[${expected}]}`);
    expect(JSON.parse(expected)).toBe(number === 0 ? 0 : number);
  });

  it('writes any number so that it reads as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(JSON.parse(predicateText(number))).toBe(number === 0 ? 0 : number);
      }),
    );
  });

  it('orders keys by code point at every depth', () => {
    const value = {
      b: { '\u{1f600}': 1, '\ufffd': 2, Z: 3, a: 4 },
      a: [{ d: 1, c: 2 }],
      '10': 1,
      '9': 2,
      '': 0,
      é: 1,
    };
    expect(predicateText(value)).toBe(
      '{"":0,"10":1,"9":2,"a":[{"c":2,"d":1}],"b":{"Z":3,"a":4,"\ufffd":2,"\u{1f600}":1},"é":1}',
    );
  });

  it('escapes what JSON must escape, and nothing else', () => {
    expect(predicateText({ 'ctl\u0001': '\b\t\n\f\r\u001f"\\/é\u007f\u2028😀' })).toBe(
      '{"ctl\\u0001":"\\b\\t\\n\\f\\r\\u001f\\"\\\\/é\u007f\u2028😀"}',
    );
  });

  it('keeps a member called __proto__', () => {
    expect(predicateText(JSON.parse('{"b":1,"__proto__":{"x":2}}'))).toBe(
      '{"__proto__":{"x":2},"b":1}',
    );
  });

  it('is what FACTSTR stored', () => {
    const { streams } = JSON.parse(
      readFileSync(new URL('../fixtures/factstr-golden/expected.json', import.meta.url), 'utf8'),
    ) as { streams: { query: EventQuery | null; stored_query_text: string }[] };
    expect(streams.length).toBeGreaterThan(5);
    for (const { query, stored_query_text } of streams) {
      expect(text({ filters: query?.filters })).toBe(stored_query_text);
    }
  });
});

describe('sameMeaning', () => {
  const types = fc.option(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }));
  const predicates = fc.option(fc.array(jsonValue, { maxLength: 3 }));
  const queries = fc.record<EventQuery>({
    filters: fc.option(
      fc.array(fc.record({ event_types: types, payload_predicates: predicates }), { maxLength: 3 }),
    ),
  });

  it('holds between a query and its own text', () => {
    fc.assert(fc.property(queries, (query) => sameMeaning(text(query), prepare(query))));
  });

  it('holds whatever the order and repetition of filters, types and predicates', () => {
    fc.assert(
      fc.property(queries, (query) => {
        const shuffled = query.filters?.toReversed().map((filter) => ({
          payload_predicates: filter.payload_predicates?.toReversed().map(reordered),
          event_types: filter.event_types && [...filter.event_types, ...filter.event_types],
        }));
        const repeated = shuffled && [...shuffled, ...shuffled];
        expect(sameMeaning(text(query), prepare({ filters: repeated }))).toBe(true);
      }),
    );
  });

  it('is symmetric', () => {
    fc.assert(
      fc.property(queries, queries, (one, two) => {
        expect(sameMeaning(text(one), prepare(two))).toBe(sameMeaning(text(two), prepare(one)));
      }),
    );
  });

  it.each<[string, EventQuery, EventQuery, boolean]>([
    ['absent and empty filters', {}, { filters: [] }, true],
    [
      'absent and null parts',
      { filters: [{}] },
      { filters: [{ event_types: null, payload_predicates: null }] },
      true,
    ],
    ['another read cursor', { min_sequence_number: 3n }, {}, true],
    ['an absent and an empty part', { filters: [{}] }, { filters: [{ event_types: [] }] }, false],
    ['a filter without parts and none', { filters: [{}] }, {}, false],
    ['text and number', predicate('1'), predicate(1), false],
    ['null and an absent member', predicate({ a: null }), predicate({}), false],
    ['another order inside a predicate’s array', predicate([1, 2]), predicate([2, 1]), false],
    [
      'one type more',
      { filters: [{ event_types: ['a'] }] },
      { filters: [{ event_types: ['a', 'b'] }] },
      false,
    ],
    [
      'types in one filter and in two',
      { filters: [{ event_types: ['a', 'b'] }] },
      { filters: [{ event_types: ['a'] }, { event_types: ['b'] }] },
      false,
    ],
  ])('%s', (_, one, two, same) => {
    expect(sameMeaning(text(one), prepare(two))).toBe(same);
    expect(sameMeaning(text(two), prepare(one))).toBe(same);
  });

  it('reads numbers as other writers spell them', () => {
    const stored = (number: string): string =>
      `{"filters":[{"event_types":null,"payload_predicates":[{"n":${number}}]}],"min_sequence_number":null}`;
    for (const spelling of ['1e21', '1e+21', '1E21', '1000000000000000000000', '1e21 ']) {
      expect(sameMeaning(stored(spelling), prepare(predicate({ n: 1e21 })))).toBe(true);
    }
    expect(sameMeaning(stored('-9223372036854775808'), prepare(predicate({ n: -(2 ** 63) })))).toBe(
      true,
    );
    expect(sameMeaning(stored('-0.0'), prepare(predicate({ n: 0 })))).toBe(true);
    expect(sameMeaning(stored('1.0'), prepare(predicate({ n: 1 })))).toBe(true);
  });

  it.each([
    '',
    'null',
    '[]',
    '7',
    'no JSON',
    '{"filters":7}',
    '{"filters":[7]}',
    '{"filters":[null]}',
    '{"filters":[[]]}',
    '{"filters":[{"event_types":"a"}]}',
    '{"filters":[{"event_types":{}}]}',
    '{"filters":[{"event_types":[null]}]}',
    '{"filters":[{"payload_predicates":7}]}',
  ])('never holds for a damaged text: %s', (damaged) => {
    for (const query of [{ filters: [{ event_types: ['a'] }] }, predicate({ a: 1 }), {}]) {
      expect(sameMeaning(damaged, prepare(query))).toBe(false);
    }
    expect(sameMeaning(damaged, prepare({ filters: [{}] }))).toBe(false);
  });
});
