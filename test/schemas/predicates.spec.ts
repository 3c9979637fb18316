import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from '../../lib/contract/json-value.js';
import { predicateProblem } from '../../lib/facts/schemas/predicate-check.js';
import { shapeOf } from '../../lib/facts/schemas/shapes/shape-of.js';
import type { StandardSchema } from '../../lib/facts/schemas/standard-schema.js';
import { copyJson } from '../../lib/contract/json-value.js';
import { containsJson } from '../../lib/matching/json-containment.js';
import { partOf } from '../support/facts/arbitrary.js';
import { jsonValue } from '../support/facts/json.js';
import { ZOO } from './support/zoo.js';

const said = (schema: StandardSchema, predicate: unknown, matchable: string[] = []): string => {
  const problem = predicateProblem(shapeOf(schema), predicate as JsonValue, matchable);
  return problem === undefined ? 'ok' : `${problem.kind} ${problem.path.join('.')}`;
};

describe('A predicate on facts with a schema', () => {
  it.each(ZOO)('is judged by the schema: %s', (_, sample, schema, ...cases) => {
    expect(schema['~standard'].validate(copyJson(sample))).not.toHaveProperty('issues.length');
    const expected = cases.map(([predicate, verdict]) => [predicate, verdict]);
    expect(cases.map(([predicate]) => [predicate, said(schema, predicate)])).toEqual(expected);
  });

  const other = fc.oneof(
    fc.constantFrom<JsonValue>('x', 'y', ' X ', 'xx', '', '1', 1, 2, 20, null, true, [], {}),
    jsonValue,
  );
  /** A payload like another one: parts of it changed, left out or added. */
  const like = (value: JsonValue): fc.Arbitrary<JsonValue> => {
    const changed = { weight: 1, arbitrary: other };
    if (typeof value !== 'object' || value === null) {
      return fc.oneof({ weight: 20, arbitrary: fc.constant(value) }, changed);
    }
    const same: fc.Arbitrary<JsonValue> = Array.isArray(value)
      ? fc.tuple(...value.map(like))
      : fc
          .tuple(
            fc.record(
              Object.fromEntries(
                Object.entries(value).map(([key, member]) => [
                  key,
                  fc.oneof({ weight: 20, arbitrary: like(member) }, fc.constant(undefined)),
                ]),
              ),
            ),
            fc.oneof(
              { weight: 5, arbitrary: fc.constant({}) },
              fc.dictionary(fc.constantFrom('z', 'q'), other),
            ),
          )
          .map((parts) => JSON.parse(JSON.stringify(Object.assign({}, ...parts))) as JsonValue);
    return fc.oneof({ weight: 20, arbitrary: same }, changed);
  };

  it.each(ZOO)(
    'matches what is stored as what is read, where it is admitted: %s',
    (name, sample, schema, ...cases) => {
      let fitting = 0;
      const predicates = cases.map(([predicate]) => predicate);
      const trial = like(sample).chain((payload) =>
        fc.tuple(
          fc.constant(payload),
          fc.oneof(partOf(payload), other, fc.constantFrom(...predicates)),
        ),
      );
      fc.assert(
        fc.property(trial, ([stored, given]) => {
          const predicate = given as JsonValue;
          const result = schema['~standard'].validate(copyJson(stored));
          if (result instanceof Promise || result.issues) return;
          fitting++;
          const read: unknown = JSON.parse(JSON.stringify(result.value ?? null));
          const [kind] = said(schema, predicate).split(' ');
          const matches = containsJson(read, predicate);
          // Of a union another alternative may lose the member: the fact is found, and none is missed.
          if (kind === 'ok' && (matches || !/union/.test(name))) {
            expect(containsJson(stored, predicate)).toBe(matches);
          }
          if (kind === 'absent' || kind === 'never') expect(matches).toBe(false);
          if (kind === 'never') expect(containsJson(stored, predicate)).toBe(false);
        }),
        { numRuns: 1_000 },
      );
      expect(fitting).toBeGreaterThan(20);
    },
  );
});
