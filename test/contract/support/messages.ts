const NO_FORM = 'has no JSON form';
const NUL = 'contains the character U+0000, which Postgres cannot store';
const LONE = 'contains a lone surrogate, which UTF-8 cannot carry';
const BIGINT = `a bigint ${NO_FORM}; pass it as text or as a number`;

/** Where and why a value cannot be stored, by the names of `refused.ts`. */
const UNSTORABLE: Record<string, string> = {
  undefined: `at $, undefined ${NO_FORM}`,
  'undefined in an array': `at $[1], undefined ${NO_FORM}`,
  'a hole in an array': `at $.a[1], undefined ${NO_FORM}`,
  'a function': `at $, a function ${NO_FORM}`,
  'a function in a member': `at $.b, a function ${NO_FORM}`,
  'a function in an array': `at $[0], a function ${NO_FORM}`,
  'a symbol': `at $, a symbol ${NO_FORM}`,
  'a symbol in a member': `at $.a, a symbol ${NO_FORM}`,
  'a bigint': `at $, ${BIGINT}`,
  'a bigint deep inside': `at $.a[0].b, ${BIGINT}`,
  'a boxed bigint': `at $.a, ${BIGINT}`,
  NaN: 'at $.b, NaN is not a JSON number',
  'an infinity': 'at $[0], Infinity is not a JSON number',
  'a negative infinity': 'at $.a, -Infinity is not a JSON number',
  'a Map': 'at $, a Map would become {}; pass an object or an array',
  'a Map in a member': 'at $.a, a Map would become {}; pass an object or an array',
  'a Set': 'at $, a Set would become {}; pass an object or an array',
  'a Set in an array': 'at $[0], a Set would become {}; pass an object or an array',
  'a cycle': 'at $.self[0].self, it contains itself',
  'NUL in a text': `at $.a, text ${NUL}`,
  'NUL in a key': `at $["a\\u0000"], a key ${NUL}`,
  'a lone surrogate in a text': `at $[0], text ${LONE}`,
  'a lone low surrogate': `at $, text ${LONE}`,
  'a lone surrogate in a key': `at $["\\ud83d"], a key ${LONE}`,
  'arrays nested 128 deep': 'at $[0][0][0], it is nested beyond 127 levels',
  'objects nested 128 deep': 'at $.a.a.a, it is nested beyond 127 levels',
  'nesting far beyond': 'at $[0][0][0], it is nested beyond 127 levels',
  'a toJSON that gives undefined': `at $, undefined ${NO_FORM}`,
  'a toJSON that gives a bigint': `at $.a, ${BIGINT}`,
  'a toJSON that throws': 'at $, it throws when it is read',
  'a getter that throws': 'at $.a, it throws when it is read',
};

const unstorable = (prefix: string, subject: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(UNSTORABLE).map(([what, why]) => [`${prefix}${what}`, `${subject}: ${why}.`]),
  );

const LIST = 'append takes an array of events, not';
const SHAPE = 'expected { event_type, payload }.';
const TYPE = 'The event_type of event 0';

/** What is said of each input that `refused.ts` lists, by its name there. */
export const EVENT_MESSAGES: Record<string, string> = {
  'no events': 'append needs at least one event.',
  'undefined for the events': `${LIST} undefined.`,
  'null for the events': `${LIST} null.`,
  'one event instead of an array': `${LIST} an object.`,
  'text for the events': `${LIST} a string.`,
  'an iterator for the events': `${LIST} an object.`,
  'null for an event': `Event 0 is null; ${SHAPE}`,
  'text for an event': `Event 0 is a string; ${SHAPE}`,
  'an array for an event': `Event 0 is an array; ${SHAPE}`,
  'a hole in the events': `Event 1 is undefined; ${SHAPE}`,
  'an event without a type': `${TYPE} is undefined; expected a string.`,
  'an event_type that is empty': `${TYPE} is empty.`,
  'an event_type that is a number': `${TYPE} is a number; expected a string.`,
  'an event_type that is null': `${TYPE} is null; expected a string.`,
  'an event_type that is boxed': `${TYPE} is an object; expected a string.`,
  'an event_type that is longer than 256 bytes': `${TYPE} is longer than 256 bytes (maxNameBytes).`,
  'an event_type that is longer than 256 bytes in UTF-8': `${TYPE} is longer than 256 bytes (maxNameBytes).`,
  'an event_type that is NUL': `${TYPE} ${NUL}.`,
  'an event_type that is a lone surrogate': `${TYPE} ${LONE}.`,
  ...unstorable('a payload that is or holds ', 'The payload of event 0 ("a") cannot be stored'),
  'an event without a payload': `The payload of event 0 ("a") cannot be stored: at $, undefined ${NO_FORM}.`,
  'a payload that throws when it is read':
    'The payload of event 0 ("a") cannot be stored: at $, it throws when it is read.',
  'a payload beyond 1 MiB':
    'The payload of event 0 ("a") is larger than 1048576 bytes (maxPayloadBytes). Store large content elsewhere and refer to it.',
  'more than 10,000 events':
    'The batch has 10001 events; the limit is 10000 (maxBatchFacts). Append it in parts.',
  'a batch beyond 16 MiB':
    "The batch's payloads are larger than 16777216 bytes (maxBatchBytes). Append it in parts.",
};

const QUERY = "A query is an object such as { filters: [{ event_types: ['…'] }] }, not";
const FILTER = 'Filter 1 of the query';

export const QUERY_MESSAGES: Record<string, string> = {
  'undefined for the query': `${QUERY} undefined.`,
  'null for the query': `${QUERY} null.`,
  'an array for the query': `${QUERY} an array.`,
  'text for the query': `${QUERY} a string.`,
  'a function for the query': `${QUERY} a function.`,
  'an unknown member of the query':
    'The query has the unknown member "filter"; known are filters and min_sequence_number.',
  'an object for the filters': "The query's filters are an object; expected an array.",
  'text for the filters': "The query's filters are a string; expected an array.",
  'null for a filter': `${FILTER} is null; expected an object.`,
  'text for a filter': `${FILTER} is a string; expected an object.`,
  'an array for a filter': `${FILTER} is an array; expected an object.`,
  'a hole in the filters': `${FILTER} is undefined; expected an object.`,
  'an unknown member of a filter': `${FILTER} has the unknown member "types"; known are event_types and payload_predicates.`,
  'text for event_types': `${FILTER}: event_types is a string; expected an array of strings.`,
  'a number in event_types': `${FILTER}: event_types[1] is a number; expected a storable string.`,
  'null in event_types': `${FILTER}: event_types[0] is null; expected a storable string.`,
  'a hole in event_types': `${FILTER}: event_types[1] is undefined; expected a storable string.`,
  'NUL in event_types': `${FILTER}: event_types[0] ${NUL}; expected a storable string.`,
  'a lone surrogate in event_types': `${FILTER}: event_types[0] ${LONE}; expected a storable string.`,
  'an object for payload_predicates': `${FILTER}: payload_predicates is an object; expected an array.`,
  'text for payload_predicates': `${FILTER}: payload_predicates is a string; expected an array.`,
  'a hole in payload_predicates': `${FILTER}: payload_predicates[1] cannot match a stored payload: at $, undefined ${NO_FORM}.`,
  ...unstorable(
    'a predicate that is or holds ',
    `${FILTER}: payload_predicates[1] cannot match a stored payload`,
  ),
  'a predicate that throws when it is read': `${FILTER}: payload_predicates[1] cannot match a stored payload: at $, it throws when it is read.`,
  'a predicate beyond 1 MiB':
    'Filter 0 of the query: payload_predicates[0] is larger than 1048576 bytes (maxPayloadBytes).',
  'more than 1,000 predicates':
    'The query has 1002 payload predicates; the limit is 1000 (maxPredicates).',
};

const EXPECTED = 'expected a bigint or null.';
const RANGE = 'expected 0 to 2^63 - 1, or null.';

export const VERSION_MESSAGES: Record<string, string> = {
  'a number': `The version is a number; ${EXPECTED}`,
  'a text': `The version is a string; ${EXPECTED}`,
  'a negative number': `The version is -1; ${RANGE}`,
  '2^63': `The version is 9223372036854775808; ${RANGE}`,
  'far beyond': `The version is 1000000000000000000000000000000; ${RANGE}`,
  false: `The version is a boolean; ${EXPECTED}`,
  'an object': `The version is an object; ${EXPECTED}`,
  NaN: `The version is a number; ${EXPECTED}`,
};

const ID = 'The appendId';
const NOTHING = 'Nothing was written.';

export const APPEND_ID_MESSAGES: Record<string, string> = {
  'an appendId that is empty': `${ID} is empty. ${NOTHING}`,
  'an appendId that is a number': `${ID} is a number; expected a string. ${NOTHING}`,
  'an appendId that is an object': `${ID} is an object; expected a string. ${NOTHING}`,
  'an appendId that is longer than 256 bytes': `${ID} is longer than 256 bytes (maxNameBytes). ${NOTHING}`,
  'an appendId that is NUL': `${ID} ${NUL}. ${NOTHING}`,
  'an appendId that is a lone surrogate': `${ID} ${LONE}. ${NOTHING}`,
};

const STREAM = "A durable stream is an object such as { name: 'inventory' }, not";
const NAME = "The durable stream's name";

export const STREAM_MESSAGES: Record<string, string> = {
  'undefined for the stream': `${STREAM} undefined.`,
  'null for the stream': `${STREAM} null.`,
  'a bare name': `${STREAM} a string.`,
  'an array for the stream': `${STREAM} an array.`,
  'a stream without a name': `${NAME} is undefined; expected a string.`,
  'a number for the name': `${NAME} is a number; expected a string.`,
  'an empty name': `${NAME} is empty.`,
  'a name beyond 256 bytes': `${NAME} is longer than 256 bytes (maxNameBytes).`,
  'a name beyond 256 bytes in UTF-8': `${NAME} is longer than 256 bytes (maxNameBytes).`,
  'NUL in the name': `${NAME} ${NUL}.`,
  'a lone surrogate in the name': `${NAME} ${LONE}.`,
};

const HANDLER = "A stream's handler is";

export const HANDLER_MESSAGES: Record<string, string> = {
  'no handler': `${HANDLER} undefined; expected a function.`,
  'null for the handler': `${HANDLER} null; expected a function.`,
  'an object for the handler': `${HANDLER} an object; expected a function.`,
  'text for the handler': `${HANDLER} a string; expected a function.`,
};
