import { expect, it } from '@jest/globals';
import { decoded, translated } from '../../lib/contract/fact-codec.js';
import type { FactCodec } from '../../lib/contract/fact-codec.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { EVERY_FACT } from '../../lib/contract/validation.js';

const fact = { sequence_number: 1n, occurred_at: '', event_type: 'a', payload: { deep: {} } };
const codec: FactCodec = {
  translate: (query) => ({ ...query, filters: [] }),
  decode: (record) => ({ ...record, event_type: `${record.event_type}!` }),
  admit: () => undefined,
  knows: () => true,
};

it('Without a codec queries and facts are what they are', () => {
  expect(translated(EVERY_FACT, undefined, DEFAULT_LIMITS)).toBe(EVERY_FACT);
  const facts = [fact];
  expect(decoded(facts, undefined)).toBe(facts);
});

it('A codec translates a query, and decodes each fact, which is frozen then', () => {
  expect(translated(EVERY_FACT, codec, DEFAULT_LIMITS)).toEqual({
    filters: [],
    min_sequence_number: null,
  });
  const many = { event_types: null, payload_predicates: [1, 2] };
  const growing = { ...codec, translate: () => ({ ...EVERY_FACT, filters: [many, many] }) };
  expect(translated(EVERY_FACT, growing, DEFAULT_LIMITS).filters).toHaveLength(2);
  expect(() => translated(EVERY_FACT, growing, { ...DEFAULT_LIMITS, maxPredicates: 3 })).toThrow(
    'The query has 4 payload predicates once it is translated',
  );
  const shown = decoded([fact, { ...fact, event_type: 'b' }], codec);
  expect(shown.map(({ event_type }) => event_type)).toEqual(['a!', 'b!']);
  expect(shown.every((one) => Object.isFrozen(one) && Object.isFrozen(one.payload))).toBe(true);
});

it('What a codec makes besides plain objects and arrays is left as it is', () => {
  const payload = { bytes: new Uint8Array(2), at: new Date(0), list: [new Map([['a', {}]])] };
  const [shown] = decoded([fact], { ...codec, decode: (record) => ({ ...record, payload }) });
  expect(shown!.payload).toBe(payload);
  expect([payload, payload.list].every(Object.isFrozen)).toBe(true);
  expect([payload.bytes, payload.at, payload.list[0]].some(Object.isFrozen)).toBe(false);
});
