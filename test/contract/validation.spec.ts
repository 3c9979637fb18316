import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS, MAX_SEQUENCE_NUMBER, resolveLimits } from '../../lib/contract/limits.js';
import {
  checkHandler,
  prepareFacts,
  prepareQuery,
  prepareStreamName,
  prepareVersion,
} from '../../lib/contract/validation.js';

const bad = (value: unknown): never => value as never;
const append = (...events: unknown[]): unknown => prepareFacts(bad(events), DEFAULT_LIMITS);

describe('what the checks hand on', () => {
  it('is each payload’s JSON value and text', () => {
    const payload = { at: new Date(0), gone: undefined, n: -0 };
    expect(append({ event_type: 'a', payload })).toEqual([
      {
        event_type: 'a',
        payload: { at: '1970-01-01T00:00:00.000Z', n: 0 },
        payload_text: '{"at":"1970-01-01T00:00:00.000Z","n":0}',
      },
    ]);
  });

  it('is a copy of the query, with null for what is absent', () => {
    const source = { filters: [{ event_types: ['a'] }, { payload_predicates: [{ a: [1] }] }, {}] };
    const prepared = prepareQuery(source, DEFAULT_LIMITS);
    expect(prepared).toEqual({
      filters: [
        { event_types: ['a'], payload_predicates: null },
        { event_types: null, payload_predicates: [{ a: [1] }] },
        { event_types: null, payload_predicates: null },
      ],
      min_sequence_number: null,
    });
    source.filters[0]!.event_types!.push('b');
    source.filters.pop();
    expect(prepared.filters).toHaveLength(3);
    expect(prepared.filters![0]!.event_types).toEqual(['a']);
  });

  it('keeps absent and empty filters apart: a cursor’s text shows which', () => {
    expect(prepareQuery({}, DEFAULT_LIMITS).filters).toBeNull();
    expect(prepareQuery({ filters: [] }, DEFAULT_LIMITS).filters).toEqual([]);
  });

  it('is the version, or null', () => {
    expect(prepareVersion(undefined, 'it')).toBeNull();
    expect(prepareVersion(null, 'it')).toBeNull();
    expect(prepareVersion(0n, 'it')).toBe(0n);
    expect(prepareVersion(MAX_SEQUENCE_NUMBER, 'it')).toBe(2n ** 63n - 1n);
  });

  it('is the stream’s name and the handler', () => {
    const handler = (): void => undefined;
    expect(prepareStreamName({ name: 'inventory' }, DEFAULT_LIMITS)).toBe('inventory');
    expect(checkHandler(handler)).toBe(handler);
  });

  it('was read once: what is checked is what is handed on', () => {
    /** A member that gives one answer after the other. */
    const having = (key: string, ...answers: unknown[]): object =>
      Object.defineProperty({}, key, { get: () => answers.shift(), enumerable: true });
    const of = (source: object, more: object): object =>
      Object.defineProperties(source, Object.getOwnPropertyDescriptors(more));
    expect(append(of(having('event_type', 'a', ''), { payload: 1 }))).toMatchObject([
      { event_type: 'a' },
    ]);
    expect(append(of(having('payload', 1, 1n), { event_type: 'a' }))).toMatchObject([
      { payload: 1, payload_text: '1' },
    ]);
    expect(prepareStreamName(bad(having('name', 'n', 7)), DEFAULT_LIMITS)).toBe('n');
    const cursor = having('min_sequence_number', 3n, 3);
    expect(prepareQuery(cursor, DEFAULT_LIMITS).min_sequence_number).toBe(3n);
    const [types, predicates] = [
      having('event_types', ['a'], 'a'),
      having('payload_predicates', [1], [1n]),
    ];
    expect(prepareQuery({ filters: [types, predicates] }, DEFAULT_LIMITS).filters).toMatchObject([
      { event_types: ['a'] },
      { payload_predicates: [1] },
    ]);
    expect(prepareQuery(having('filters', [], 'a'), DEFAULT_LIMITS).filters).toEqual([]);
  });

  it('are the limits, completed', () => {
    expect(resolveLimits()).toEqual(DEFAULT_LIMITS);
    expect(resolveLimits({ maxBatchFacts: 5, maxPayloadBytes: undefined })).toEqual({
      ...DEFAULT_LIMITS,
      maxBatchFacts: 5,
    });
    expect(resolveLimits({ maxPredicates: Infinity }).maxPredicates).toBe(Infinity);
    expect(DEFAULT_LIMITS).toEqual({
      maxPayloadBytes: 1_048_576,
      maxBatchFacts: 10_000,
      maxBatchBytes: 16_777_216,
      maxNameBytes: 256,
      maxPredicates: 1_000,
    });
  });
});
