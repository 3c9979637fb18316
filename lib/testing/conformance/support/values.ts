import type { JsonValue } from '../../../contract/json-value.js';

/** Scalars that are easily taken for one another. */
const SCALARS: readonly JsonValue[] = [
  null,
  false,
  true,
  0,
  1,
  -1,
  '',
  'a',
  '0',
  '1',
  'null',
  '[]',
];
const FEW: readonly JsonValue[] = [null, 0, 1, '1'];

/** Lists of one, two and three, with repetitions and in each order. */
const LISTS: readonly JsonValue[][] = [
  [],
  ...FEW.map((value) => [value]),
  ...FEW.flatMap((one) => FEW.map((two) => [one, two])),
  [0, 1, 1],
  [1, 1, 0],
];

const OBJECTS: readonly JsonValue[] = [
  {},
  ...FEW.flatMap((value): JsonValue[] => [{ a: value }, { b: value }]),
  ...[0, 1].flatMap((a) => [0, 1].map((b) => ({ a, b }))),
];

const INNER: readonly JsonValue[] = [[], {}, [0], [1], [0, 1], { a: 0 }, { a: 1 }, { a: 0, b: 1 }];

/**
 * Every value of a few small shapes: scalars, lists, objects, and these within one another. What is contained in what
 * differs by one member, one element or one level between most of them and their neighbours.
 */
export const SMALL_VALUES: readonly JsonValue[] = [
  ...SCALARS,
  ...LISTS,
  ...OBJECTS,
  ...INNER.flatMap((inner): JsonValue[] => [
    [inner],
    { a: inner },
    [inner, 0],
    [0, inner],
    { a: inner, b: 0 },
  ]),
  ...INNER.flatMap((one) => INNER.map((two) => [one, two])),
];

/** Texts of numbers, each with others that spell the same one. */
export const NUMBER_SPELLINGS: readonly (readonly string[])[] = [
  ['0', '-0', '0.0', '-0.0', '0e0', '0E5', '0e-5', '-0e5'],
  ['1', '1.0', '1e0', '1E0', '10e-1', '0.1e1', '1.000'],
  ['-1', '-1.0', '-1e0', '-10e-1'],
  ['10', '1e1', '1E+1', '100e-1'],
  ['0.1', '1e-1', '10e-2', '0.10'],
  ['1e21', '1E+21', '1000000000000000000000'],
  ['9007199254740991', '9.007199254740991e15'],
  ['9007199254740990'],
  ['5e-324', '4.9e-324'],
];
