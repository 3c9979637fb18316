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
const query = (value: unknown): unknown => prepareQuery(bad(value), DEFAULT_LIMITS);

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

describe('what the messages say', () => {
  it.each<[string, () => unknown, string]>([
    [
      'which event',
      () => append({ event_type: 'a', payload: 1 }, 7),
      'Event 1 is a number; expected { event_type, payload }.',
    ],
    [
      'what is wrong with its type',
      () => append({ event_type: '', payload: 1 }),
      'The event_type of event 0 is empty.',
    ],
    [
      'where in the payload',
      () => append({ event_type: 'added', payload: { lines: [{ price: NaN }] } }),
      'The payload of event 0 ("added") cannot be stored: at $.lines[0].price, NaN is not a JSON number.',
    ],
    [
      'that undefined is no payload',
      () => append({ event_type: 'added' }),
      'The payload of event 0 ("added") cannot be stored: at $, undefined has no JSON form.',
    ],
    [
      'that a Map loses its content',
      () => append({ event_type: 'added', payload: new Map() }),
      'The payload of event 0 ("added") cannot be stored: at $, a Map would become {}; pass an object or an array.',
    ],
    [
      'which limit',
      () => append({ event_type: 'added', payload: 'x'.repeat(2_000_000) }),
      'The payload of event 0 ("added") is larger than 1048576 bytes (maxPayloadBytes). Store large content elsewhere and refer to it.',
    ],
    [
      'which member is unknown',
      () => query({ types: [] }),
      'The query has the unknown member "types"; known are filters and min_sequence_number.',
    ],
    [
      'which filter',
      () => query({ filters: [{}, { event_types: 'a' }] }),
      'Filter 1 of the query: event_types is a string; expected an array of strings.',
    ],
    [
      'which predicate, and where',
      () => query({ filters: [{ payload_predicates: [{}, { a: 1n }] }] }),
      'Filter 0 of the query: payload_predicates[1] cannot match a stored payload: at $.a, a bigint has no JSON form; pass it as text or as a number.',
    ],
    [
      'which version',
      () => prepareVersion(5, 'expectedContextVersion'),
      'expectedContextVersion is a number; expected a bigint or null.',
    ],
    [
      'which range',
      () => prepareVersion(-1n, 'min_sequence_number'),
      'min_sequence_number is -1; expected 0 to 2^63 - 1, or null.',
    ],
    [
      'what a stream is',
      () => prepareStreamName(bad('inventory'), DEFAULT_LIMITS),
      "A durable stream is an object such as { name: 'inventory' }, not a string.",
    ],
    [
      'what a handler is',
      () => checkHandler(bad({})),
      'A stream’s handler is an object; expected a function.'.replace('’', "'"),
    ],
    [
      'what a limit is',
      () => resolveLimits({ maxBatchFacts: 0 }),
      'The limit maxBatchFacts is a positive integer, or Infinity.',
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(new Error(message));
  });
});
