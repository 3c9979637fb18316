import { describe, expect, it } from '@jest/globals';
import { prepareAppendId } from '../../lib/contract/append-id.js';
import { DEFAULT_LIMITS, resolveLimits } from '../../lib/contract/limits.js';
import type { FactStoreLimits } from '../../lib/contract/limits.js';
import { prepareFacts, prepareQuery, prepareStreamName } from '../../lib/contract/validation.js';
import { refusal } from './support/refusal.js';
import { around, CHARACTERS, textsOfBytes } from './support/texts.js';

const names = Object.keys(DEFAULT_LIMITS) as (keyof FactStoreLimits)[];
const limited = (limits: Partial<FactStoreLimits>): FactStoreLimits => resolveLimits(limits);
const append = (payloads: unknown[], limits: FactStoreLimits): unknown =>
  prepareFacts(
    payloads.map((payload) => ({ event_type: 'a', payload })),
    limits,
  );
const look = (predicates: unknown[], limits: FactStoreLimits): unknown =>
  prepareQuery({ filters: [{ payload_predicates: predicates }] }, limits);

describe('The limit of a name', () => {
  const users: [
    user: string,
    subject: string,
    use: (name: string, l: FactStoreLimits) => unknown,
  ][] = [
    [
      'event type',
      'The event_type of event 0',
      (event_type, limits) => prepareFacts([{ event_type, payload: 1 }], limits),
    ],
    [
      'stream name',
      "The durable stream's name",
      (name, limits) => prepareStreamName({ name }, limits),
    ],
    ['append id', 'The appendId', (id, limits) => prepareAppendId(id, [], limits)],
  ];

  it.each(users)('counts the bytes of the %s, whatever its characters', (_, subject, use) => {
    for (const limit of [1, 2, 3, 4, 5, 6, 11, 12, 13, 255, 256, 257, 258]) {
      const limits = limited({ maxNameBytes: limit });
      for (const size of around(limit)) {
        for (const name of CHARACTERS.flatMap((character) => textsOfBytes(character, size))) {
          const end = subject === 'The appendId' ? '. Nothing was written.' : '.';
          const problem = size === 0 ? 'is empty' : `is longer than ${limit} bytes (maxNameBytes)`;
          expect([name, refusal(() => use(name, limits))]).toEqual([
            name,
            size > 0 && size <= limit ? undefined : `${subject} ${problem}${end}`,
          ]);
        }
      }
    }
  });

  it('is none when it is Infinity', () => {
    const limits = limited({ maxNameBytes: Infinity });
    for (const [, , use] of users) use('€'.repeat(100_000), limits);
  });
});

describe('The limit of a payload, and of a predicate', () => {
  const sizeOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;
  const SHAPES: readonly ((filler: string) => unknown)[] = [
    // U+2028 is not escaped, and takes three bytes; an escape takes two or six.
    ...[...CHARACTERS, '"', '\\', '\n', '\u0001', '\u2028'].flatMap((character) => [
      (filler: string) => character + filler,
      (filler: string) => filler + character.repeat(3),
    ]),
    (filler) => filler,
    (filler) => [7, [filler]],
    (filler) => ({ [filler]: 1 }),
    (filler) => ({ a: true, '€': filler }),
    (filler) => Array.from(filler, () => [0]),
  ];
  /** Values whose JSON text has exactly so many bytes of UTF-8. */
  const valuesOfBytes = (bytes: number): unknown[] =>
    SHAPES.flatMap((shape) =>
      [bytes - sizeOf(shape('')), Math.floor(bytes / 4)]
        .filter((count) => count >= 0)
        .map((count) => shape('x'.repeat(count))),
    ).filter((value) => sizeOf(value) === bytes);

  const LIMITS = [3, 8, 9, 14, 15, 16, 17, 20, 26, 38, 100];

  it.each(LIMITS)('of %d counts the bytes of its JSON text, as UTF-8', (limit) => {
    const limits = limited({ maxPayloadBytes: limit });
    for (const size of around(limit)) {
      const values = valuesOfBytes(size);
      expect(values.length).toBeGreaterThan(0);
      for (const value of values) {
        const [payload, predicate] = [
          refusal(() => append([1, value], limits)),
          refusal(() => look([1, value], limits)),
        ];
        if (size <= limit)
          expect([value, payload, predicate]).toEqual([value, undefined, undefined]);
        else {
          expect([value, payload]).toEqual([
            value,
            `The payload of event 1 ("a") is larger than ${limit} bytes (maxPayloadBytes). Store large content elsewhere and refer to it.`,
          ]);
          expect([value, predicate]).toEqual([
            value,
            `Filter 0 of the query: payload_predicates[1] is larger than ${limit} bytes (maxPayloadBytes).`,
          ]);
        }
      }
    }
  });

  it.each<[string, (value: unknown) => unknown]>([
    ['elements', (value) => [value, value]],
    ['members', (value) => ({ a: value, b: value })],
  ])('is noticed by the number of %s before any text is made of them', (_, twice) => {
    let value: unknown = 1;
    for (let level = 0; level < 100; level++) value = twice(value);
    const limits = limited({ maxPayloadBytes: 1_000 });
    expect(refusal(() => append([value], limits))).toBe(
      'The payload of event 0 ("a") is too large: it has more values than the payload limit admits (maxPayloadBytes).',
    );
    expect(refusal(() => look([value], limits))).toBe(
      'Filter 0 of the query: payload_predicates[0] is larger than 1000 bytes (maxPayloadBytes).',
    );
  });

  it('is none when it is Infinity', () => {
    append(
      ['x'.repeat(2 * DEFAULT_LIMITS.maxPayloadBytes)],
      limited({ maxPayloadBytes: Infinity }),
    );
  });
});

describe('The limits of a batch', () => {
  it.each([1, 2, 3, 10])('of %d facts counts them', (limit) => {
    for (const count of around(limit)) {
      const payloads = Array.from({ length: count }, (_, n) => n);
      const admitted = count > 0 && count <= limit;
      const problem =
        count === 0
          ? 'append needs at least one event.'
          : `The batch has ${count} events; the limit is ${limit} (maxBatchFacts). Append it in parts.`;
      expect(refusal(() => append(payloads, limited({ maxBatchFacts: limit })))).toBe(
        admitted ? undefined : problem,
      );
    }
  });

  it.each(CHARACTERS)('of bytes sums the payloads’ JSON texts up, of %s', (character) => {
    for (const limit of [10, 24, 50]) {
      const limits = limited({ maxBatchBytes: limit });
      for (const total of around(limit)) {
        for (const first of [3, 4, total - 3]) {
          const texts = [first, total - first].map((size) => textsOfBytes(character, size - 2)[0]);
          expect([texts, refusal(() => append(texts, limits))]).toEqual([
            texts,
            total <= limit
              ? undefined
              : `The batch's payloads are larger than ${limit} bytes (maxBatchBytes). Append it in parts.`,
          ]);
        }
      }
    }
  });
});

describe('The limit of predicates', () => {
  it.each([1, 2, 5])('of %d counts those of all filters', (limit) => {
    const limits = limited({ maxPredicates: limit });
    for (const total of around(limit)) {
      for (let first = 0; first <= total; first++) {
        const filters = [
          { payload_predicates: Array.from({ length: first }, (_, n) => n) },
          { event_types: ['a', 'b', 'c'] },
          { payload_predicates: null },
          { payload_predicates: Array.from({ length: total - first }, () => ({})) },
        ];
        expect(refusal(() => prepareQuery({ filters }, limits))).toBe(
          total <= limit
            ? undefined
            : `The query has ${total} payload predicates; the limit is ${limit} (maxPredicates).`,
        );
      }
    }
  });
});

describe('Limits that are set', () => {
  it.each(names)('%s is a positive integer, or Infinity', (name) => {
    for (const limit of [1, 2, Number.MAX_SAFE_INTEGER, Infinity]) {
      expect(resolveLimits({ [name]: limit })).toEqual({ ...DEFAULT_LIMITS, [name]: limit });
    }
    expect(resolveLimits({ [name]: undefined })).toEqual(DEFAULT_LIMITS);
    const odd = [0, -0, -1, 0.5, 1.5, NaN, -Infinity, 2 ** 53, '5', 5n, null, true, [5], {}];
    for (const limit of odd) {
      expect(refusal(() => resolveLimits({ [name]: limit as number }))).toBe(
        `The limit ${name} is a positive integer, or Infinity.`,
      );
    }
  });

  it('are refused where there is none of that name', () => {
    expect(refusal(() => resolveLimits({ maxBatchSize: 5 } as object))).toBe(
      'There is no limit "maxBatchSize"; known are maxPayloadBytes, maxBatchFacts, maxBatchBytes, maxNameBytes, maxPredicates.',
    );
    expect(refusal(() => resolveLimits({ ['y'.repeat(61)]: 5 }))).toContain(
      `no limit "${'y'.repeat(60)}";`,
    );
    expect(resolveLimits({ maxBatchSize: undefined } as object)).toEqual(DEFAULT_LIMITS);
  });

  it.each([null, 5, 'maxBatchFacts', [], true])('are an object, not %p', (limits) => {
    expect(refusal(() => resolveLimits(limits as never))).toBe(
      'The limits are an object such as { maxBatchFacts: 1000 }; absent ones keep their default.',
    );
  });

  it('do not become the defaults of others', () => {
    resolveLimits({ maxBatchFacts: 1 }).maxNameBytes = 1;
    expect(resolveLimits()).toEqual(DEFAULT_LIMITS);
  });
});
