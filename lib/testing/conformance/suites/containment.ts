import type { NewEvent } from '../../../contract/contract.types.js';
import { naiveContains } from '../support/contains.js';
import type { Conformance, ConformingStore } from '../conformance.js';
import { SMALL_VALUES } from '../support/values.js';

type Case = [sentence: string, payload: unknown, predicate: unknown, contained: boolean];

const proto = (value: unknown): unknown =>
  JSON.parse(`{"__proto__":${JSON.stringify(value)}}`) as unknown;

const CASES: Case[] = [
  // Objects.
  ['an object contains itself', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
  ['an object contains fewer members', { a: 1, b: 2 }, { b: 2 }, true],
  ['an object does not contain more members', { b: 2 }, { a: 1, b: 2 }, false],
  ['an object contains the empty object', { a: 1 }, {}, true],
  ['the empty object contains itself', {}, {}, true],
  ['members are compared by containment', { a: { b: 1, c: 2 } }, { a: { c: 2 } }, true],
  ['a member at another depth does not count', { a: { b: 1 } }, { b: 1 }, false],
  ['an absent member is not null', { a: 1 }, { b: null }, false],
  ['a null member is null', { b: null }, { b: null }, true],
  ['a null member is no empty object', { b: null }, { b: {} }, false],
  ['an empty object member is no null', { b: {} }, { b: null }, false],
  ['an object is no array', { a: 1 }, [], false],
  ['an object does not contain its value', { a: 1 }, 1, false],
  ['keys are case sensitive', { A: 1 }, { a: 1 }, false],
  // Arrays.
  ['an array contains itself', [1, 2], [1, 2], true],
  ['order does not matter', [1, 2], [2, 1], true],
  ['repetition does not matter', [1, 2], [1, 1, 1], true],
  ['an array contains the empty array', [1], [], true],
  ['the empty array contains itself', [], [], true],
  ['the empty array contains no element', [], [1], false],
  ['an array lacks an element', [1, 2], [1, 3], false],
  ['an array is no object', [1], {}, false],
  ['elements are compared by containment', [{ a: 1, b: 2 }], [{ a: 1 }], true],
  ['one element may contain several', [{ a: 1, b: 2 }], [{ a: 1 }, { b: 2 }], true],
  ['one predicate needs one element', [{ a: 1 }, { b: 2 }], [{ a: 1, b: 2 }], false],
  ['nested arrays contain nested arrays', [[1, 2], [3]], [[2]], true],
  ['nested arrays are not flattened', [[1, 2]], [1], false],
  ['nesting of the predicate counts too', [1, 2], [[1]], false],
  ['an array in an array contains the empty one', [[1]], [[]], true],
  ['scalars in arrays contain no empty array', [1], [[]], false],
  ['arrays within members', { tags: ['x', 'y'] }, { tags: ['y'] }, true],
  ['a scalar member does not match an array', { tags: ['x'] }, { tags: 'x' }, false],
  ['an array member does not match a scalar', { tags: 'x' }, { tags: ['x'] }, false],
  ['mixed elements', [1, 'a', null, { b: [true] }], [null, { b: [] }, 'a'], true],
  // Scalars.
  ['a text payload matches its text', 'x', 'x', true],
  ['a scalar does not match an array that holds it', ['x'], 'x', false],
  ['a number does not match an array that holds it', [1], 1, false],
  ['null does not match an array that holds it', [null], null, false],
  ['an array does not match the scalar it holds', 'x', ['x'], false],
  ['null matches null', null, null, true],
  ['null is not false', null, false, false],
  ['null is not the empty object', null, {}, false],
  ['null is not the text', null, 'null', false],
  ['true matches true', true, true, true],
  ['true is not false', true, false, false],
  ['true is not 1', true, 1, false],
  ['true is not its text', true, 'true', false],
  ['1 is not its text', 1, '1', false],
  ['the text of 1 is not 1', { n: '1' }, { n: 1 }, false],
  ['0 is not the empty text', 0, '', false],
  ['the empty text matches itself', '', '', true],
  ['texts are case sensitive', 'a', 'A', false],
  ['texts are not normalized', '\u00e1', 'a\u0301', false],
  ['trailing spaces count', 'a', 'a ', false],
  ['a text does not contain a part of it', 'abc', 'b', false],
  ['text is no pattern', 'abc', 'a%', false],
  // Numbers.
  ['1 matches 1.0', { n: 1 }, { n: 1.0 }, true],
  ['-0 is 0', { n: -0 }, { n: 0 }, true],
  ['0 is -0', { n: 0 }, { n: -0 }, true],
  ['an exponent is another spelling', { n: 1e3 }, { n: 1000 }, true],
  ['large doubles match', { n: 1.7976931348623157e308 }, { n: 1.7976931348623157e308 }, true],
  ['large doubles differ', { n: 1.7976931348623157e308 }, { n: 1.797693134862315e308 }, false],
  ['1e21 matches', { n: 1e21 }, { n: 1e21 }, true],
  ['the tiniest double matches', { n: 5e-324 }, { n: 5e-324 }, true],
  ['the tiniest double is not 0', { n: 5e-324 }, { n: 0 }, false],
  ['safe integers differ by one', { n: 9007199254740991 }, { n: 9007199254740990 }, false],
  ['doubles differ in the last digit', { n: 0.1 + 0.2 }, { n: 0.3 }, false],
  ['2^63 matches', { n: 2 ** 63 }, { n: 2 ** 63 }, true],
  ['2^64 is not 2^63', { n: 2 ** 64 }, { n: 2 ** 63 }, false],
  ['negative numbers match', { n: -3 }, { n: -3 }, true],
  ['the sign counts', { n: -3 }, { n: 3 }, false],
  // Keys.
  ['the empty key', { '': 1 }, { '': 1 }, true],
  ['a dotted key is one key', { 'a.b': 1 }, { 'a.b': 1 }, true],
  ['a dotted key is no path', { a: { b: 1 } }, { 'a.b': 1 }, false],
  ['a path is no dotted key', { 'a.b': 1 }, { a: { b: 1 } }, false],
  ['a key with quotes', { 'a"b\'c': 1 }, { 'a"b\'c': 1 }, true],
  ['a key with a backslash', { 'a\\b': 1 }, { 'a\\b': 1 }, true],
  ['a key that looks like an index', { '0': 'x' }, { '0': 'x' }, true],
  ['an index is no key of an array', ['x'], { '0': 'x' }, false],
  ['a key with $ and brackets', { '$[0].a': 1 }, { '$[0].a': 1 }, true],
  ['a key with a line break', { 'a\nb': 1 }, { 'a\nb': 1 }, true],
  ['a key beyond ASCII', { größe: 'XL', '😀': 1 }, { '😀': 1 }, true],
  ['an own __proto__', proto({ a: 1 }), proto({ a: 1 }), true],
  ['another __proto__', proto({ a: 1 }), proto({ a: 2 }), false],
  ['no inherited __proto__', {}, proto({}), false],
  ['no inherited constructor', { a: 1 }, { constructor: {} }, false],
  ['an own constructor', { constructor: { name: 'x' } }, { constructor: {} }, true],
  ['no inherited toString', 'text', { toString: {} }, false],
  ['no length of a text', 'text', { length: 4 }, false],
  ['no length of an array', [1], { length: 1 }, false],
  ['text with U+2028', { t: '\u2028' }, { t: '\u2028' }, true],
  ['text beyond the basic plane', '🐎', '🐎', true],
];

export function describeContainment(conformance: Conformance): void {
  const { describe, it, expect, beforeEach, afterAll, Inbox } = conformance;
  describe('containment', () => {
    // Nothing here depends on the log's beginning: one store serves all.
    const shared = conformance.sharedStore();
    let store: ConformingStore;
    beforeEach(async () => {
      store = await shared.open();
    });
    afterAll(() => shared.dispose());

    /** Which of the batch's facts, by index, match the predicate. */
    async function matching(type: string, predicate: unknown, first: bigint): Promise<number[]> {
      const { event_records } = await store.query({
        filters: [{ event_types: [type], payload_predicates: [predicate] }],
      });
      return event_records.map((record) => Number(record.sequence_number - first));
    }

    it.each(CASES)('%s: %j ⊇ %j is %s', async (sentence, payload, predicate, contained) => {
      const { first_sequence_number: first } = await store.append([
        { event_type: sentence, payload },
      ]);
      expect(await matching(sentence, predicate, first)).toEqual(contained ? [0] : []);
      // What appendIf sees is the same.
      const verdict = await store.appendIf(
        [{ event_type: 'verdict', payload: {} }],
        { filters: [{ event_types: [sentence], payload_predicates: [predicate] }] },
        contained ? first : null,
      );
      expect(verdict.conflict ?? null).toBeNull();
    });

    it('means the same to streams', async () => {
      const event_type = 'streamed';
      const payloads = CASES.map(([, payload]) => payload);
      const { first_sequence_number: first } = await store.append(
        payloads.map((payload): NewEvent => ({ event_type, payload })),
      );
      await Promise.all(
        CASES.map(async ([name, , predicate], index) => {
          const inbox = new Inbox();
          const filters = [{ event_types: [event_type], payload_predicates: [predicate] }];
          const stream = await store.streamToDurable({ name }, { filters }, inbox.handle);
          stream.unsubscribe();
          const delivered = inbox.flat.map((number) => number - Number(first));
          expect([index, delivered]).toEqual([index, await matching(event_type, predicate, first)]);
        }),
      );
    });

    it('is the same for every pair of small values, to queries and to decisions', async () => {
      const event_type = 'small';
      const { first_sequence_number: first } = await store.append(
        SMALL_VALUES.map((payload): NewEvent => ({ event_type, payload })),
      );
      const noted = [{ event_type: 'verdict', payload: {} }];
      await Promise.all(
        SMALL_VALUES.map(async (predicate) => {
          const expected = SMALL_VALUES.flatMap((payload, index) =>
            naiveContains(payload, predicate) ? [index] : [],
          );
          expect([predicate, await matching(event_type, predicate, first)]).toEqual([
            predicate,
            expected,
          ]);
          const filters = [{ event_types: [event_type], payload_predicates: [predicate] }];
          // It contains itself: the context is never empty.
          const { conflict } = await store.appendIf(noted, { filters }, null);
          expect([predicate, conflict?.actual_context_version]).toEqual([
            predicate,
            first + BigInt(expected.at(-1)!),
          ]);
        }),
      );
    });
  });
}
