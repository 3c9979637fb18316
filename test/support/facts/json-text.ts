import fc from 'fast-check';

const NUMBERS = ['0', '-0', '1', '10', '1e2', '1.50', '1E400', '-1e-7', '0.000001', '0.0000001', '1e21', '5e-324', '123456789012345678', '100000000000000000000', '1000000000000000000000', '-2.25e+1']; // prettier-ignore
const STRINGS = ['""', '"a"', '"\\u0061"', '"\\/"', '"\\ud800"', '"\ud800"', '"\\u0008"', '"\\b"', '"\u2028"', '"é"', '"\\u00e9"', '"\u007f"', '"\\u0000"', '"1e2"', '"\\"{\\\\"']; // prettier-ignore
const KEYS = ['""', '"a"', '"b"', '"\\u0061"', '"10"', '"9"', '"é"', '"\ufb01"', '"😀"', '"__proto__"', '"toJSON"', '"constructor"']; // prettier-ignore

/** @param space between whatever it may stand between */
function texts(space: string): fc.Arbitrary<string> {
  const list = (parts: readonly string[], [open, close]: readonly [string, string]): string =>
    `${open}${space}${parts.join(`${space},${space}`)}${space}${close}`;
  return fc.letrec<{ text: string }>((tie) => ({
    text: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom('null', 'true', 'false', ...NUMBERS),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => JSON.stringify(number)),
      fc.constantFrom(...STRINGS),
      fc.string({ unit: 'binary', maxLength: 4 }).map((text) => JSON.stringify(text)),
      fc.array(tie('text'), { maxLength: 3 }).map((parts) => list(parts, ['[', ']'])),
      fc
        .array(fc.tuple(fc.constantFrom(...KEYS), tie('text')), { maxLength: 4 })
        .map((members) => members.map(([key, text]) => `${key}${space}:${space}${text}`))
        .map((parts) => list(parts, ['{', '}'])),
    ),
  })).text;
}

/** JSON texts, most of which say what they say in another way than the canonical one. */
export const jsonText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: texts('') },
  { weight: 1, arbitrary: texts(' ') },
  { weight: 1, arbitrary: texts('\r\n\t') },
);
