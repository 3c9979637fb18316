import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { factsHash } from '../../../lib/contract/append-id.js';
import { InvalidOptionsError } from '../../../lib/contract/errors.js';
import type { JsonValue } from '../../../lib/contract/json-value.js';
import { lineOf } from '../../../lib/operations/transfer/batch.js';
import type { FileBatch } from '../../../lib/operations/transfer/batch.js';
import { batchOf } from '../../../lib/operations/transfer/file/batch-of-line.js';
import { canonicalJson } from '../../../lib/support/json-text.js';
import { jsonText } from '../../support/facts/json-text.js';

/** A member of a line, as a text; sometimes one that it cannot have. */
const odd = (...good: string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom('null', 'false', '0', '""', '[]', '{}', '{"x":1}') },
  );

const fact = fc
  .tuple(
    odd('"1"'),
    odd(
      '"2026-01-31T10:00:00.123Z"',
      '"2026-01-31T10:00:00Z"',
      '"2026-01-31T10:00:00.100Z"',
      '"2026-02-30T10:00:00Z"',
    ),
    odd('"a"', '"a"', '"a"', '"\\u0061"', '"é"', '"\\ud800"'),
    fc.oneof(jsonText, jsonText.map(canonicalJson)),
  )
  .map(
    ([number, time, type, payload]) =>
    [`"sequence_number":${number}`, `"occurred_at":${time}`, `"event_type":${type}`, `"payload":${payload}`], // prettier-ignore
  );

const metadata = odd(
  '{"causation":null,"correlation":"c","text":"{\\"correlation_id\\":\\"c\\"}"}',
  '{"correlation":"c","text":"{\\"correlation_id\\":\\"c\\"}"}',
  '{"text":"{\\"by\\":\\"ann\\"}","causation":null,"correlation":null}',
);

/** With the right hash, unless the payload cannot be stored. */
const appendOf = (payload: string): string =>
  `{"id":"one","facts_hash":"${factsHash([{ event_type: 'a', payload: JSON.parse(payload) as JsonValue }])}","command_hash":null,"appended_at":"infinity"}`;

/** Lines as an export has them, with members that are missing, repeated, unknown or elsewhere. */
const line = fc
  .tuple(
    fact,
    fc.option(metadata),
    fc.boolean(),
    fc.constantFrom('', '', '', 'drop', 'repeat', 'add', 'turn'),
  ) // prettier-ignore
  .map(([members, ofFacts, hasAppend, change]) => {
    const payload = members[3]!.slice('"payload":'.length);
    if (change === 'drop') members = members.slice(1);
    if (change === 'repeat') members = [...members, members[3]!];
    if (change === 'add') members = [...members, '"more":1'];
    if (change === 'turn') members = members.toReversed();
    return [
      `{"facts":[{${members.join(',')}}]`,
      ...(ofFacts === null ? [] : [`"metadata":${ofFacts}`]),
      ...(hasAppend ? [`"append":${appendOf(payload)}`] : []),
    ].join(',').concat('}'); // prettier-ignore
  });

/** What is made of a line, or said of it, wherever in it. */
function outcomeOf(text: string): FileBatch | string {
  try {
    return batchOf(text, 'Line 2');
  } catch (error) {
    if (!(error instanceof InvalidOptionsError)) throw error;
    return error.message.replace(/character \d+/, 'a character');
  }
}

describe('a line of an export', () => {
  it('says, and is refused for, the same with a space behind it, which no export writes', () => {
    const counts = { written: 0, other: 0, refused: 0 };
    fc.assert(
      fc.property(line, (text) => {
        const outcome = outcomeOf(text);
        expect(outcome).toEqual(outcomeOf(`${text} `));
        if (typeof outcome === 'string') counts.refused++;
        else counts[lineOf(outcome) === text ? 'written' : 'other']++;
      }),
      { numRuns: 2_000 },
    );
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(50);
  });

  it('may have any number of facts, or be cut off anywhere', () => {
    const facts = [1, 2, 3].map((number) => `{"sequence_number":"${number}","occurred_at":"2026-01-31T10:00:00Z","event_type":"a","payload":{"n":${number}}}`); // prettier-ignore
    const whole = `{"facts":[${facts.join(',')}]}`;
    expect(batchOf(whole, 'Line 2').facts.map(({ payload }) => payload)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']); // prettier-ignore
    for (let length = 0; length < whole.length; length++) {
      expect(outcomeOf(whole.slice(0, length))).toMatch(/^Line 2 is no batch of an export: /);
    }
  });
});
