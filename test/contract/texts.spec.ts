import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { prepareAppendId } from '../../lib/contract/append-id.js';
import { toJsonValue } from '../../lib/contract/json-value.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareFacts, prepareQuery, prepareStreamName } from '../../lib/contract/validation.js';
import { refusal } from './support/refusal.js';

const LIMITS = DEFAULT_LIMITS;

/** Everywhere that a text is handed in. */
const PLACES: readonly [place: string, use: (text: string) => unknown][] = [
  ['a payload', (payload) => prepareFacts([{ event_type: 'a', payload }], LIMITS)],
  ['a key', (key) => prepareFacts([{ event_type: 'a', payload: [{ [key]: 1 }] }], LIMITS)],
  ['an event type', (event_type) => prepareFacts([{ event_type, payload: 1 }], LIMITS)],
  ['a type in a query', (type) => prepareQuery({ filters: [{ event_types: [type] }] }, LIMITS)],
  ['a predicate', (text) => prepareQuery({ filters: [{ payload_predicates: [[text]] }] }, LIMITS)],
  ['a stream’s name', (name) => prepareStreamName({ name }, LIMITS)],
  ['an append id', (id) => prepareAppendId(id, [], LIMITS)],
];

/** Units of UTF-16, among them the first and last of each half of pairs, and their neighbours. */
const UNITS = [
  ...'\u0000\u0001\u001f x"\\\u007f\u0080\u2028\u2029'.split(''),
  ...'\ud7ff\ud800\ud83d\udbff\udc00\udc0e\udfff\ue000\ufffe\uffff'.split(''),
];

/** What UTF-8 and Postgres carry: told by a way there and back. */
function storable(text: string): boolean {
  return !text.includes('\0') && Buffer.from(text, 'utf8').toString('utf8') === text;
}

describe.each(PLACES)('A text as %s', (_, use) => {
  const check = (text: string): void => {
    const refused = refusal(() => use(text));
    expect([text, refused === undefined]).toEqual([text, storable(text)]);
    if (refused !== undefined) {
      expect(refused).toContain(
        text.includes('\0') ? 'contains the character U+0000' : 'contains a lone surrogate',
      );
    }
  };

  it('is taken when UTF-8 and Postgres carry it, whatever its units and their neighbours', () => {
    for (const one of UNITS) {
      check(one);
      for (const two of UNITS) check(one + two);
    }
  });

  it('is looked at from its first unit to its last', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...UNITS), { minLength: 3, maxLength: 9 }), (units) => {
        check(units.join(''));
      }),
      { numRuns: 200 },
    );
  });
});

describe('Nesting', () => {
  type Wrap = (inner: unknown) => unknown;
  const WRAPS: readonly [kind: string, wrap: Wrap][] = [
    ['arrays', (inner) => [inner]],
    ['objects', (inner) => ({ a: inner })],
    ['arrays behind siblings', (inner) => [0, 'x', inner, null]],
    ['objects behind siblings', (inner) => ({ a: 0, b: inner, c: null })],
    ['values that toJSON gives', (inner) => ({ toJSON: () => [inner] })],
  ];
  const nest = (wrap: Wrap, levels: number, leaf: unknown): unknown => {
    let value = leaf;
    for (let level = 0; level < levels; level++) value = wrap(value);
    return value;
  };

  it.each(WRAPS)('of %s is taken to 127 levels, whatever the leaf', (_, wrap) => {
    // An empty container is a level of its own; a scalar is none.
    for (const [leaf, own] of [
      ['x', 0],
      [null, 0],
      [new Date(0), 0],
      [[], 1],
      [{}, 1],
    ] as const) {
      for (const levels of [126, 127, 128]) {
        const payload = nest(wrap, levels - own, leaf);
        expect([leaf, levels, refusal(() => toJsonValue(payload, 1_000))]).toEqual([
          leaf,
          levels,
          levels <= 127 ? undefined : 'it is nested beyond 127 levels',
        ]);
      }
    }
  });

  it('is counted from the top for every sibling', () => {
    const deep = nest((inner) => [inner], 126, 0);
    expect(refusal(() => toJsonValue([deep, deep, { a: 1 }, deep], 1_000))).toBeUndefined();
    expect(refusal(() => toJsonValue([0, [deep]], 1_000))).toBe('it is nested beyond 127 levels');
  });
});
