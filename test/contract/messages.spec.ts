import { describe, expect, it } from '@jest/globals';
import {
  checkAppendOptions,
  prepareAppendId,
  recordedAppend,
} from '../../lib/contract/append-id.js';
import { AppendIdReusedError, InvalidOptionsError } from '../../lib/contract/errors.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import {
  checkHandler,
  prepareFacts,
  prepareQuery,
  prepareStreamName,
  prepareVersion,
} from '../../lib/contract/validation.js';
import {
  BAD_APPEND_IDS,
  BAD_EVENTS,
  BAD_HANDLERS,
  BAD_PAYLOADS,
  BAD_PREDICATES,
  BAD_QUERIES,
  BAD_STREAMS,
  BAD_VERSIONS,
} from '../support/facts/refused.js';
import type { Refused } from '../support/facts/refused.js';
import {
  APPEND_ID_MESSAGES,
  EVENT_MESSAGES,
  HANDLER_MESSAGES,
  QUERY_MESSAGES,
  STREAM_MESSAGES,
  VERSION_MESSAGES,
} from './support/messages.js';
import { refusal } from './support/refusal.js';

const LIMITS = DEFAULT_LIMITS;
type Check = (input: never) => unknown;

describe('A refusal names the thing, the place and the way out', () => {
  it.each<[what: string, refused: Refused[], check: Check, messages: Record<string, string>]>([
    [
      'events and payloads',
      [...BAD_EVENTS, ...BAD_PAYLOADS],
      (input) => prepareFacts(input, LIMITS),
      EVENT_MESSAGES,
    ],
    [
      'queries and predicates',
      [...BAD_QUERIES, ...BAD_PREDICATES],
      (input) => prepareQuery(input, LIMITS),
      QUERY_MESSAGES,
    ],
    ['versions', BAD_VERSIONS, (input) => prepareVersion(input, 'The version'), VERSION_MESSAGES],
    [
      'append ids',
      BAD_APPEND_IDS,
      (input) => prepareAppendId(input, [], LIMITS),
      APPEND_ID_MESSAGES,
    ],
    ['streams', BAD_STREAMS, (input) => prepareStreamName(input, LIMITS), STREAM_MESSAGES],
    ['handlers', BAD_HANDLERS, checkHandler, HANDLER_MESSAGES],
  ])('of %s', (_, refused, check, messages) => {
    const said = refused.map(([what, input]) => [what, refusal(() => check(input as never))]);
    expect(said).toEqual(Object.entries(messages));
  });

  it('of a later event, with the type that it has', () => {
    const events = [
      { event_type: 'a', payload: 1 },
      { event_type: 'it "is"', payload: { at: [1n] } },
    ];
    expect(refusal(() => prepareFacts(events, LIMITS))).toBe(
      'The payload of event 1 ("it \\"is\\"") cannot be stored: at $.at[0], a bigint has no JSON form; pass it as text or as a number.',
    );
    expect(
      refusal(() => prepareFacts([events[0]!, { ...events[1]!, event_type: '' }], LIMITS)),
    ).toBe('The event_type of event 1 is empty.');
  });

  it('and keeps what a toJSON or a getter threw', () => {
    const cause = new Error('mine');
    const broken = {
      toJSON: () => {
        throw cause;
      },
    };
    expect(() => prepareFacts([{ event_type: 'a', payload: broken }], LIMITS)).toThrow(
      expect.objectContaining({ code: 'INVALID_PAYLOAD', cause }),
    );
    expect(() => prepareQuery({ filters: [{ payload_predicates: [broken] }] }, LIMITS)).toThrow(
      expect.objectContaining({ code: 'INVALID_QUERY', cause }),
    );
  });

  it('of a cursor in a query', () => {
    const query = { min_sequence_number: 5 as never };
    expect(refusal(() => prepareQuery(query, LIMITS))).toBe(
      'min_sequence_number is a number; expected a bigint or null.',
    );
  });

  it.each([
    [
      'the query',
      (name: string) => ({ [name]: 1 }),
      'The query',
      'filters and min_sequence_number',
    ],
    [
      'a filter',
      (name: string) => ({ filters: [{ [name]: 1 }] }),
      'Filter 0 of the query',
      'event_types and payload_predicates',
    ],
  ])('of an unknown member of %s, cut to 60 characters', (_, query, subject, known) => {
    for (const length of [59, 60, 61]) {
      expect(refusal(() => prepareQuery(query('k'.repeat(length)) as never, LIMITS))).toBe(
        `${subject} has the unknown member "${'k'.repeat(Math.min(length, 60))}"; known are ${known}.`,
      );
    }
  });
});

describe('The options of an append', () => {
  const check = (options: unknown, ...known: string[][]): string | undefined =>
    refusal(() => checkAppendOptions(options as never, ...known));

  it('are an object, or absent', () => {
    for (const options of [undefined, null, {}, { appendId: 'a' }, { other: undefined }]) {
      expect(check(options)).toBeUndefined();
    }
    for (const [options, kind] of [
      ['a', 'string'],
      [5, 'number'],
      [true, 'boolean'],
      [() => undefined, 'function'],
    ]) {
      expect(check(options)).toBe(
        `The options of an append are an object such as { appendId: '…' }, not a ${kind as string}.`,
      );
    }
  });

  it('are known by name', () => {
    for (const length of [59, 60, 61]) {
      const name = 'o'.repeat(length);
      expect(check({ appendId: 'a', [name]: null })).toBe(
        `The append has the unknown option "${name.slice(0, 60)}"; known here: appendId, command, metadata. Nothing was written.`,
      );
    }
    expect(check({ retries: 1, appendId: 'a' }, ['appendId', 'retries'])).toBeUndefined();
    expect(check({ appendID: 'a' }, ['appendId', 'retries'])).toBe(
      'The append has the unknown option "appendID"; known here: appendId, retries. Nothing was written.',
    );
    expect(() => checkAppendOptions({ b: 1 } as never)).toThrow(InvalidOptionsError);
  });
});

describe('An append that is repeated', () => {
  const id = (payload: unknown) =>
    prepareAppendId('an "id"', prepareFacts([{ event_type: 'a', payload }], LIMITS), LIMITS)!;

  it('has the original range', () => {
    const { facts_hash } = id(1);
    for (const [first, last, count] of [
      [1n, 1n, 1n],
      [7n, 9n, 3n],
      [2n ** 53n, 2n ** 53n + 1n, 2n],
    ] as const) {
      expect(recordedAppend(id(1), { facts_hash, command_hash: null, first, last })).toEqual({
        first_sequence_number: first,
        last_sequence_number: last,
        committed_count: count,
      });
    }
  });

  it('with other facts is told of the range that has its id', () => {
    const { facts_hash } = id(1);
    const repeat = (): unknown =>
      recordedAppend(id(2), { facts_hash, command_hash: null, first: 7n, last: 9n });
    expect(repeat).toThrow(AppendIdReusedError);
    expect(refusal(repeat)).toBe(
      'The appendId "an \\"id\\"" was used for other facts before (7 to 9). Nothing was written. Use a new id for each append, and the same one only to repeat it.',
    );
  });
});
