import type { EventQuery, FactMetadata, NewEvent } from '../../../lib/contract/contract.types.js';

/** An append of a stored message, as a caller makes it. */
export interface StoredCall {
  readonly events: NewEvent[];
  readonly query?: EventQuery;
  readonly expected?: number | null;
  readonly appendId?: string;
  readonly command?: unknown;
  readonly permanent?: true;
  readonly metadata?: FactMetadata;
}

/** One message: its name, when the servers took it, and its appends. */
export interface StoredMessage {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly appends: readonly StoredCall[];
}

const START = Date.UTC(2026, 0, 1);
const SECOND = 1_000;
/** How long ids are kept in these messages' log. */
export const RETENTION = 60 * SECOND;

let taken = 0;

function message(appends: readonly StoredCall[], at = START + taken * SECOND): StoredMessage {
  return { name: `m${++taken}`, at, appends };
}

function fact(event_type: string, payload: unknown): NewEvent {
  return { event_type, payload };
}

/** Whether a fact of this payload would be one of a context of this predicate: an append that is refused if so. */
function probe(predicate: unknown, ...types: string[]): StoredCall {
  const filter = {
    payload_predicates: [predicate as never],
    ...(types.length > 0 ? { event_types: types } : {}),
  };
  return { events: [fact('probed', { of: 'probes' })], query: { filters: [filter] } };
}

/**
 * What the messages of semantics 1 stand for, in the order of their log. They are never changed: what a later release
 * adds is added at the end, or to the messages of its own semantics.
 */
export const MESSAGES: readonly StoredMessage[] = [
  message([{ events: [fact('placed', { order: 1, total: 10 }), fact('noted', {})] }]),
  message([]),
  // Several appends of one message: each sees the ones before it.
  message([
    { events: [fact('seat', { seat: 1 })], query: { filters: [{ event_types: ['seat'] }] } },
    { events: [fact('seat', { seat: 2 })], query: { filters: [{ event_types: ['seat'] }] } },
    {
      events: [fact('seat', { seat: 3 })],
      query: { filters: [{ event_types: ['seat'] }] },
      expected: 3,
    },
  ]),
  // Expected versions: too old, too new, of another context, of the whole log.
  message([
    { events: [fact('a', 1)], query: { filters: [{ event_types: ['seat'] }] }, expected: 3 },
    { events: [fact('a', 2)], query: { filters: [{ event_types: ['seat'] }] }, expected: 99 },
    { events: [fact('a', 3)], query: { filters: [{ event_types: ['seat'] }] }, expected: 1 },
    { events: [fact('a', 4)], query: {}, expected: 4 },
    { events: [fact('a', 5)], query: { filters: [] }, expected: 5 },
    { events: [fact('a', 6)], query: { filters: [] } },
  ]),
  // What payloads hold.
  message([
    {
      events: [
        fact('thing', { id: 7, name: 'é', tags: ['x', 'y', 'y'], nested: { deep: [1, [2, 3]] } }),
        fact('thing', { number: 1.5, large: 9007199254740991, small: 1e-7, zero: -0, none: null }),
        fact('thing', ['x', { y: 1 }]),
        fact('thing', 'text'),
        fact('thing', { '': 0, __proto: 1, 'a.b': { c: true }, quote: '"\\\n\u2028' }),
      ],
    },
  ]),
  message([probe({ id: 7 })]),
  message([probe({ id: '7' })]),
  message([probe({ id: 7.0, name: 'é' }, 'thing')]),
  message([probe({ id: 7 }, 'other')]),
  message([probe({ name: 'e\u0301' })]),
  message([probe({ tags: ['y'] }), probe({ tags: ['y', 'x'] }), probe({ tags: ['z'] })]),
  message([probe({ tags: 'x' }), probe({ nested: { deep: [[3]] } }), probe({ nested: {} })]),
  message([probe({ nested: { deep: [3] } }), probe({ number: 1.5, none: null })]),
  message([probe({ missing: null }), probe({ zero: 0 }), probe({ large: 9007199254740991 })]),
  message([probe(['x']), probe(['y']), probe([{ y: 1 }]), probe('x'), probe('text')]),
  message([probe({ 'a.b': { c: true } }), probe({ 'a.b': { c: false } }), probe({ '': 0 })]),
  message([probe({ quote: '"\\\n\u2028' }), probe({})]),
  message([
    {
      events: [fact('a', 7)],
      query: {
        filters: [
          { event_types: ['placed'], payload_predicates: [{ order: 2 }, { order: 1 }] },
          { event_types: ['none'] },
        ],
      },
      expected: 1,
    },
    {
      events: [fact('a', 8)],
      query: { filters: [{ event_types: ['placed'], payload_predicates: [{ order: 2 }] }] },
      expected: 1,
    },
  ]),
  // Ids: repeated, reused, with commands, kept for ever, and beside conditions.
  message([
    { events: [fact('paid', { cart: 1, by: 'x' })], appendId: 'pay-1' },
    { events: [fact('paid', { by: 'x', cart: 1 })], appendId: 'pay-1' },
    { events: [fact('paid', { cart: 2 })], appendId: 'pay-1' },
    { events: [fact('paid', { cart: 3 })], appendId: 'pay-2', command: { pay: 3, of: 'y' } },
    { events: [fact('paid', { cart: 4 })], appendId: 'pay-2', command: { of: 'y', pay: 3 } },
    { events: [fact('paid', { cart: 3 })], appendId: 'pay-2', command: { pay: 4 } },
    { events: [fact('paid', { cart: 5 })], appendId: 'pay-3', permanent: true },
  ]),
  message([
    {
      events: [fact('paid', { cart: 6 })],
      query: { filters: [{ payload_predicates: [{ cart: 6 }] }] },
      appendId: 'pay-6',
    },
    {
      events: [fact('paid', { cart: 6 })],
      query: { filters: [{ payload_predicates: [{ cart: 6 }] }] },
      appendId: 'pay-6',
    },
    {
      events: [fact('paid', { cart: 6 })],
      query: { filters: [{ payload_predicates: [{ cart: 6 }] }] },
      appendId: 'pay-7',
    },
  ]),
  message([
    {
      events: [fact('caused', { n: 1 }), fact('caused', { n: 2 })],
      metadata: { correlation_id: 'c-1', causation_id: '3', user: 'u' },
    },
  ]),
  // A clock that is behind: the time of the log does not go back.
  message([{ events: [fact('late', { n: 1 })] }], START + 5 * SECOND),
  // After the retention: ids are forgotten, except for ever.
  message(
    [
      { events: [fact('paid', { cart: 1, by: 'again' })], appendId: 'pay-1' },
      { events: [fact('paid', { cart: 5, by: 'again' })], appendId: 'pay-3' },
    ],
    START + 1_000 * SECOND,
  ),
];
