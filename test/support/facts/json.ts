import fc from 'fast-check';
import type { JsonValue } from '../../../lib/contract/json-value.js';

/** Few and odd keys and scalars, so that values often contain one another. */
const key = fc.constantFrom('a', 'b', '', 'a.b', '__proto__', 'constructor', 'größe', '0');
const scalar = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, false, 0, 1, -1, '', '1', 'a', 'null', '[]', '{}'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  fc.string({ unit: 'grapheme', maxLength: 4 }).map((text) => text.replaceAll('\0', '')),
);

const tree = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: scalar },
    { weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    {
      weight: 3,
      arbitrary: fc
        .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 3, selector: ([name]) => name })
        .map((members) => {
          // Through text: an assignment would take __proto__ for the prototype.
          const text = members.map(([name, v]) => `${JSON.stringify(name)}:${JSON.stringify(v)}`);
          return JSON.parse(`{${text.join(',')}}`) as JsonValue;
        }),
    },
  ),
}));

/** Any JSON value that a payload can be. */
export const jsonValue: fc.Arbitrary<JsonValue> = tree.value;

export { naiveContains } from '../../../lib/testing/conformance/support/contains.js';
