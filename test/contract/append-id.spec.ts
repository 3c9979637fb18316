import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { prepareAppendId } from '../../lib/contract/append-id.js';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareFacts } from '../../lib/contract/validation.js';
import { jsonValue } from '../support/facts/json.js';
import { canonical, reordered } from './support/json-text.js';

const hashOf = (events: NewEvent[]): string =>
  prepareAppendId('id', prepareFacts(events, DEFAULT_LIMITS), DEFAULT_LIMITS)!.facts_hash;
const payload = (value: unknown): string => hashOf([{ event_type: 'a', payload: value }]);

describe('An append id', () => {
  it('is none where it is absent', () => {
    expect(prepareAppendId(undefined, [], DEFAULT_LIMITS)).toBeNull();
    expect(prepareAppendId(null, [], DEFAULT_LIMITS)).toBeNull();
  });

  it('goes with the SHA-256 of types and payloads', () => {
    // What one version stored under an id, the next one has to know.
    const text = '"added"{"":[["a",{"":[["","x"]]}],["b",[1,null]]]}\n"gone"true\n';
    const events = [
      { event_type: 'added', payload: { b: [1, null], a: { '': 'x' } } },
      { event_type: 'gone', payload: true },
    ];
    expect(prepareAppendId('k', prepareFacts(events, DEFAULT_LIMITS), DEFAULT_LIMITS)).toEqual({
      id: 'k',
      facts_hash: createHash('sha256').update(text).digest('hex'),
      command_hash: null,
      permanent: false,
    });
  });
});

describe('The hash of an append’s command', () => {
  const commandHash = (command: unknown): string | null =>
    prepareAppendId('k', [], DEFAULT_LIMITS, { command })!.command_hash;

  it('is the SHA-256 of the command, with its keys in order', () => {
    // What one version stored under an id, the next one has to know.
    const text = '{"":[["a",{"":[["","x"]]}],["b",[1,null]]]}';
    const hash = createHash('sha256').update(text).digest('hex');
    expect(commandHash({ b: [1, null], a: { '': 'x' }, c: undefined })).toBe(hash);
    expect(commandHash(undefined)).toBeNull();
    expect(commandHash(null)).toBe(createHash('sha256').update('null').digest('hex'));
  });

  it('is one for each value, whatever the order of its keys', () => {
    fc.assert(
      fc.property(jsonValue, jsonValue, (left, right) => {
        expect(commandHash(left) === commandHash(right)).toBe(canonical(left) === canonical(right));
        expect(commandHash(reordered(left))).toBe(commandHash(left));
      }),
    );
  });
});

describe('The hash of an append’s facts', () => {
  it('is one for each value, whatever the order of its keys', () => {
    fc.assert(
      fc.property(jsonValue, jsonValue, (left, right) => {
        expect(payload(left) === payload(right)).toBe(canonical(left) === canonical(right));
        expect(payload(reordered(left))).toBe(payload(left));
      }),
    );
  });

  it('tells values apart that look alike when they are written down', () => {
    const values: unknown[] = [
      {},
      [],
      '',
      null,
      '{}',
      '[]',
      'null',
      0,
      '0',
      false,
      { a: 1 },
      { '': [['a', 1]] },
      [['a', 1]],
      ['a', 1],
      { a: { '': [] } },
      { a: {} },
      { a: [] },
      [{}],
      [[]],
      { '': {} },
      { '': [] },
      JSON.parse('{"__proto__":{}}'),
      JSON.parse('{"__proto__":[]}'),
    ];
    expect(new Set(values.map(payload)).size).toBe(values.length);
  });

  it('tells apart where one fact ends and the next begins', () => {
    const fact = (event_type: string, value: unknown): NewEvent => ({ event_type, payload: value });
    const batches: NewEvent[][] = [
      [fact('a', 1)],
      [fact('a', 1), fact('a', 1)],
      [fact('a', 1), fact('b', 1)],
      [fact('b', 1), fact('a', 1)],
      [fact('a', '1\n"a"1')],
      [fact('a"1', 1)],
      [fact('a1', 1)],
      [fact('a', 11)],
      [fact('a1\n', 1)],
      [fact('a\n', 11)],
    ];
    expect(new Set(batches.map(hashOf)).size).toBe(batches.length);
  });
});
