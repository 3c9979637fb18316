import {
  EmptyAppendError,
  InvalidAppendIdError,
  InvalidEventError,
  InvalidHandlerError,
  InvalidPayloadError,
  InvalidQueryError,
  InvalidStreamNameError,
  InvalidVersionError,
  LimitExceededError,
} from '../../../contract/errors.js';
import type { FactstrError } from '../../../contract/errors.js';

/** Stands in the values of refused input: no message may show it. */
export const SECRET = 'secret-4711';

export type ErrorClass = new (message: string) => FactstrError;

/** Every input of the contract that is refused, with the error's class and code. */
export type Refused = [what: string, input: unknown, error: ErrorClass, code: string];

const event = (what: string, input: unknown): Refused => [
  what,
  input,
  InvalidEventError,
  'INVALID_EVENT',
];
const type = (what: string, event_type: unknown): Refused =>
  event(`an event_type that is ${what}`, [{ event_type, payload: { SECRET } }]);
const LONE = '\ud83d';
const NUL = '\u0000';

export const BAD_EVENTS: Refused[] = [
  ['no events', [], EmptyAppendError, 'EMPTY_APPEND'],
  event('undefined for the events', undefined),
  event('null for the events', null),
  event('one event instead of an array', { event_type: 'a', payload: SECRET }),
  event('text for the events', SECRET),
  event('an iterator for the events', new Set([{ event_type: 'a', payload: SECRET }])),
  event('null for an event', [null]),
  event('text for an event', [SECRET]),
  event('an array for an event', [[SECRET]]),
  // oxlint-disable-next-line no-sparse-arrays
  event('a hole in the events', [{ event_type: 'a', payload: SECRET }, ,]),
  event('an event without a type', [{ payload: SECRET }]),
  type('empty', ''),
  type('a number', 7),
  type('null', null),
  type('boxed', new String('a')),
  type('longer than 256 bytes', 'x'.repeat(257)),
  type('longer than 256 bytes in UTF-8', '€'.repeat(86)),
  type('NUL', `a${NUL}b`),
  type('a lone surrogate', `a${LONE}b`),
];

const cycle: Record<string, unknown> = { a: SECRET };
cycle['self'] = [cycle];
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const nestedObjects = (levels: number): unknown =>
  JSON.parse('{"a":'.repeat(levels) + '0' + '}'.repeat(levels));

const UNSTORABLE: [what: string, value: unknown][] = [
  ['undefined', undefined],
  ['undefined in an array', [SECRET, undefined]],
  // oxlint-disable-next-line no-sparse-arrays
  ['a hole in an array', { a: [SECRET, , SECRET] }],
  ['a function', () => SECRET],
  ['a function in a member', { a: SECRET, b: () => SECRET }],
  ['a function in an array', [() => SECRET]],
  ['a symbol', Symbol(SECRET)],
  ['a symbol in a member', { a: Symbol(SECRET) }],
  ['a bigint', 1n],
  ['a bigint deep inside', { a: [{ b: 10n, c: SECRET }] }],
  ['a boxed bigint', { a: Object(1n) as unknown }],
  ['NaN', { a: SECRET, b: NaN }],
  ['an infinity', [Infinity]],
  ['a negative infinity', { a: -Infinity }],
  ['a Map', new Map([['a', SECRET]])],
  ['a Map in a member', { a: new Map([['a', SECRET]]) }],
  ['a Set', new Set([SECRET])],
  ['a Set in an array', [new Set([SECRET])]],
  ['a cycle', cycle],
  ['NUL in a text', { a: `${SECRET}${NUL}` }],
  ['NUL in a key', { [`a${NUL}`]: SECRET }],
  ['a lone surrogate in a text', [`${SECRET}${LONE}`]],
  ['a lone low surrogate', `\udc00${SECRET}`],
  ['a lone surrogate in a key', { [LONE]: SECRET }],
  ['arrays nested 128 deep', nested(128)],
  ['objects nested 128 deep', nestedObjects(128)],
  ['nesting far beyond', nested(5_000)],
  ['a toJSON that gives undefined', { toJSON: () => undefined }],
  ['a toJSON that gives a bigint', { a: { toJSON: () => 1n } }],
  [
    'a toJSON that throws',
    {
      toJSON: () => {
        throw new Error(SECRET);
      },
    },
  ],
  [
    'a getter that throws',
    {
      get a() {
        throw new Error(SECRET);
      },
    },
  ],
];

export const BAD_PAYLOADS: Refused[] = [
  ...UNSTORABLE.map(([what, payload]): Refused => [
    `a payload that is or holds ${what}`,
    [{ event_type: 'a', payload }],
    InvalidPayloadError,
    'INVALID_PAYLOAD',
  ]),
  ['an event without a payload', [{ event_type: 'a' }], InvalidPayloadError, 'INVALID_PAYLOAD'],
  [
    'a payload that throws when it is read',
    [
      {
        event_type: 'a',
        get payload() {
          throw new Error(SECRET);
        },
      },
    ],
    InvalidPayloadError,
    'INVALID_PAYLOAD',
  ],
  [
    'a payload beyond 1 MiB',
    [{ event_type: 'a', payload: SECRET.repeat(100_000) }],
    LimitExceededError,
    'LIMIT_EXCEEDED',
  ],
  [
    'more than 10,000 events',
    Array.from({ length: 10_001 }, () => ({ event_type: 'a', payload: SECRET })),
    LimitExceededError,
    'LIMIT_EXCEEDED',
  ],
  [
    'a batch beyond 16 MiB',
    Array.from({ length: 17 }, () => ({ event_type: 'a', payload: 'x'.repeat(1024 * 1024 - 2) })),
    LimitExceededError,
    'LIMIT_EXCEEDED',
  ],
];

const query = (what: string, input: unknown): Refused => [
  what,
  input,
  InvalidQueryError,
  'INVALID_QUERY',
];
const filter = (what: string, input: unknown): Refused => query(what, { filters: [{}, input] });

export const BAD_QUERIES: Refused[] = [
  query('undefined for the query', undefined),
  query('null for the query', null),
  query('an array for the query', [SECRET]),
  query('text for the query', SECRET),
  query('a function for the query', () => SECRET),
  query('an unknown member of the query', { filter: [] }),
  query('an object for the filters', { filters: { event_types: [SECRET] } }),
  query('text for the filters', { filters: SECRET }),
  filter('null for a filter', null),
  filter('text for a filter', SECRET),
  filter('an array for a filter', [SECRET]),
  // oxlint-disable-next-line no-sparse-arrays
  query('a hole in the filters', { filters: [{}, , {}] }),
  filter('an unknown member of a filter', { types: [SECRET] }),
  filter('text for event_types', { event_types: SECRET }),
  filter('a number in event_types', { event_types: ['a', 7] }),
  filter('null in event_types', { event_types: [null] }),
  // oxlint-disable-next-line no-sparse-arrays
  filter('a hole in event_types', { event_types: ['a', , 'b'] }),
  filter('NUL in event_types', { event_types: [`a${NUL}`] }),
  filter('a lone surrogate in event_types', { event_types: [LONE] }),
  filter('an object for payload_predicates', { payload_predicates: { a: SECRET } }),
  filter('text for payload_predicates', { payload_predicates: SECRET }),
  // oxlint-disable-next-line no-sparse-arrays
  filter('a hole in payload_predicates', { payload_predicates: [{ a: SECRET }, , 1] }),
];

export const BAD_PREDICATES: Refused[] = [
  ...UNSTORABLE.map(([what, predicate]) =>
    filter(`a predicate that is or holds ${what}`, { payload_predicates: [{}, predicate] }),
  ),
  filter('a predicate that throws when it is read', {
    payload_predicates: Object.defineProperty([{}], 1, {
      get: () => {
        throw new Error(SECRET);
      },
    }),
  }),
  [
    'a predicate beyond 1 MiB',
    { filters: [{ payload_predicates: [SECRET.repeat(100_000)] }] },
    LimitExceededError,
    'LIMIT_EXCEEDED',
  ],
  [
    'more than 1,000 predicates',
    {
      filters: Array.from({ length: 2 }, () => ({
        payload_predicates: Array.from({ length: 501 }, (_, n) => ({ n, a: SECRET })),
      })),
    },
    LimitExceededError,
    'LIMIT_EXCEEDED',
  ],
];

const version = (what: string, input: unknown): Refused => [
  what,
  input,
  InvalidVersionError,
  'INVALID_VERSION',
];

export const BAD_VERSIONS: Refused[] = [
  version('a number', 3),
  version('a text', '3'),
  version('a negative number', -1n),
  version('2^63', 2n ** 63n),
  version('far beyond', 10n ** 30n),
  version('false', false),
  version('an object', { secret: SECRET }),
  version('NaN', NaN),
];

const appendId = (what: string, input: unknown): Refused => [
  `an appendId that is ${what}`,
  input,
  InvalidAppendIdError,
  'INVALID_APPEND_ID',
];

export const BAD_APPEND_IDS: Refused[] = [
  appendId('empty', ''),
  appendId('a number', 7),
  appendId('an object', { SECRET }),
  appendId('longer than 256 bytes', SECRET.repeat(30)),
  appendId('NUL', `${SECRET}${NUL}`),
  appendId('a lone surrogate', `${SECRET}${LONE}`),
];

const stream = (what: string, input: unknown): Refused => [
  what,
  input,
  InvalidStreamNameError,
  'INVALID_STREAM_NAME',
];

export const BAD_STREAMS: Refused[] = [
  stream('undefined for the stream', undefined),
  stream('null for the stream', null),
  stream('a bare name', 'inventory'),
  stream('an array for the stream', ['inventory']),
  stream('a stream without a name', {}),
  stream('a number for the name', { name: 7 }),
  stream('an empty name', { name: '' }),
  stream('a name beyond 256 bytes', { name: 'x'.repeat(257) }),
  stream('a name beyond 256 bytes in UTF-8', { name: '€'.repeat(86) }),
  stream('NUL in the name', { name: `a${NUL}` }),
  stream('a lone surrogate in the name', { name: LONE }),
];

const handler = (what: string, input: unknown): Refused => [
  what,
  input,
  InvalidHandlerError,
  'INVALID_HANDLER',
];

export const BAD_HANDLERS: Refused[] = [
  handler('no handler', undefined),
  handler('null for the handler', null),
  handler('an object for the handler', { handle: () => SECRET }),
  handler('text for the handler', SECRET),
];
