import type {
  DurableStream,
  EventFilter,
  EventQuery,
  NewEvent,
  StreamHandler,
} from './contract.types.js';
import {
  EmptyAppendError,
  InvalidEventError,
  InvalidHandlerError,
  InvalidPayloadError,
  InvalidQueryError,
  InvalidStreamNameError,
  InvalidVersionError,
  LimitExceededError,
} from './errors.js';
import { JsonRefusal, refusalOf, textProblem, toJsonValue } from './json-value.js';
import type { JsonValue } from './json-value.js';
import { isSequenceNumber } from './limits.js';
import type { FactStoreLimits } from './limits.js';

/** A fact that passed every check, as the stores take it. */
export interface PreparedFact {
  readonly event_type: string;
  /** The payload's JSON round trip: a copy to which the caller has no reference. */
  readonly payload: JsonValue;
  /** The payload as JSON text. */
  readonly payload_text: string;
}

/** A filter that passed every check: `null` where a part is absent. */
export interface PreparedFilter {
  readonly event_types: readonly string[] | null;
  readonly payload_predicates: readonly JsonValue[] | null;
}

/** A query that passed every check: a copy to which the caller has no reference. */
export interface PreparedQuery {
  /** As given: `null` when absent, possibly empty. Both match every fact. */
  readonly filters: readonly PreparedFilter[] | null;
  readonly min_sequence_number: bigint | null;
}

export const EVERY_FACT: PreparedQuery = { filters: null, min_sequence_number: null };

/**
 * Checks the events of one append and takes their payloads' JSON round trip.
 *
 * @throws EmptyAppendError, InvalidEventError, InvalidPayloadError, LimitExceededError
 */
export function prepareFacts(events: NewEvent[], limits: FactStoreLimits): PreparedFact[] {
  if (!Array.isArray(events)) {
    throw new InvalidEventError(`append takes an array of events, not ${describe(events)}.`);
  }
  if (events.length === 0) {
    throw new EmptyAppendError('append needs at least one event.');
  }
  if (events.length > limits.maxBatchFacts) {
    throw new LimitExceededError(
      `The batch has ${events.length} events; the limit is ${limits.maxBatchFacts} (maxBatchFacts). Append it in parts.`,
    );
  }
  let batchBytes = 0;
  const facts: PreparedFact[] = [];
  for (let index = 0; index < events.length; index++) {
    const fact = prepareFact(events[index], index, limits);
    batchBytes += Buffer.byteLength(fact.payload_text);
    if (batchBytes > limits.maxBatchBytes) {
      throw new LimitExceededError(
        `The batch's payloads are larger than ${limits.maxBatchBytes} bytes (maxBatchBytes). Append it in parts.`,
      );
    }
    facts.push(fact);
  }
  return facts;
}

function prepareFact(event: unknown, index: number, limits: FactStoreLimits): PreparedFact {
  if (!isObject(event)) {
    throw new InvalidEventError(
      `Event ${index} is ${describe(event)}; expected { event_type, payload }.`,
    );
  }
  const { event_type } = event;
  const problem = nameProblem(event_type, limits);
  if (problem !== undefined) {
    throw new InvalidEventError(`The event_type of event ${index} ${problem}.`);
  }
  const subject = `The payload of event ${index} (${JSON.stringify(event_type)})`;
  let payload: JsonValue;
  try {
    payload = toJsonValue(event['payload'], limits.maxPayloadBytes);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal.tooLarge) {
      throw new LimitExceededError(`${subject} is too large: ${refusal.reason} (maxPayloadBytes).`);
    }
    throw new InvalidPayloadError(
      `${subject} cannot be stored: at ${refusal.path}, ${refusal.reason}.`,
      { cause: refusal.cause },
    );
  }
  const payload_text = JSON.stringify(payload);
  if (exceeds(payload_text, limits.maxPayloadBytes)) {
    throw new LimitExceededError(
      `${subject} is larger than ${limits.maxPayloadBytes} bytes (maxPayloadBytes). Store large content elsewhere and refer to it.`,
    );
  }
  return { event_type: event_type as string, payload, payload_text };
}

/**
 * Checks a query and copies it.
 *
 * @throws InvalidQueryError, InvalidVersionError, LimitExceededError
 */
export function prepareQuery(query: EventQuery, limits: FactStoreLimits): PreparedQuery {
  if (!isObject(query)) {
    throw new InvalidQueryError(
      `A query is an object such as { filters: [{ event_types: ['…'] }] }, not ${describe(query)}.`,
    );
  }
  refuseUnknownKeys(query, ['filters', 'min_sequence_number'], 'The query');
  const { filters, min_sequence_number } = query as EventQuery;
  if (filters !== undefined && filters !== null && !Array.isArray(filters)) {
    throw new InvalidQueryError(`The query's filters are ${describe(filters)}; expected an array.`);
  }
  // Array.from, not map(): holes in a sparse array are to be refused like undefined.
  const prepared =
    filters && Array.from(filters, (filter, index) => prepareFilter(filter, index, limits));
  const predicates = predicatesIn(prepared ?? null);
  if (predicates > limits.maxPredicates) {
    throw new LimitExceededError(
      `The query has ${predicates} payload predicates; the limit is ${limits.maxPredicates} (maxPredicates).`,
    );
  }
  return {
    filters: prepared ?? null,
    min_sequence_number: prepareVersion(min_sequence_number, 'min_sequence_number'),
  };
}

/** How many payload predicates a query has. */
export function predicatesIn(filters: PreparedQuery['filters']): number {
  return (filters ?? []).reduce(
    (sum, { payload_predicates }) => sum + (payload_predicates?.length ?? 0),
    0,
  );
}

function prepareFilter(filter: unknown, index: number, limits: FactStoreLimits): PreparedFilter {
  const subject = `Filter ${index} of the query`;
  if (!isObject(filter)) {
    throw new InvalidQueryError(`${subject} is ${describe(filter)}; expected an object.`);
  }
  refuseUnknownKeys(filter, ['event_types', 'payload_predicates'], subject);
  const { event_types, payload_predicates } = filter as EventFilter;
  return {
    event_types: prepareEventTypes(event_types, subject),
    payload_predicates: preparePredicates(payload_predicates, subject, limits),
  };
}

function prepareEventTypes(types: unknown, subject: string): string[] | null {
  if (types === undefined || types === null) return null;
  if (!Array.isArray(types)) {
    throw new InvalidQueryError(
      `${subject}: event_types is ${describe(types)}; expected an array of strings.`,
    );
  }
  return Array.from(types, (type: unknown, position) => {
    // No length limit here: FACTSTR may have written longer types, which can be looked for.
    const problem = typeof type === 'string' ? textProblem(type) : `is ${describe(type)}`;
    if (problem !== undefined) {
      throw new InvalidQueryError(
        `${subject}: event_types[${position}] ${problem}; expected a storable string.`,
      );
    }
    return type as string;
  });
}

function preparePredicates(
  predicates: unknown,
  subject: string,
  limits: FactStoreLimits,
): JsonValue[] | null {
  if (predicates === undefined || predicates === null) return null;
  if (!Array.isArray(predicates)) {
    throw new InvalidQueryError(
      `${subject}: payload_predicates is ${describe(predicates)}; expected an array.`,
    );
  }
  // A plain loop, not map(): holes in a sparse array are to be refused like undefined.
  const prepared: JsonValue[] = [];
  for (let position = 0; position < predicates.length; position++) {
    const name = `${subject}: payload_predicates[${position}]`;
    try {
      const predicate = toJsonValue(predicates[position], limits.maxPayloadBytes);
      if (exceeds(JSON.stringify(predicate), limits.maxPayloadBytes)) {
        throw new JsonRefusal('its text is too long', '$', true);
      }
      prepared.push(predicate);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.tooLarge) {
        throw new LimitExceededError(
          `${name} is larger than ${limits.maxPayloadBytes} bytes (maxPayloadBytes).`,
        );
      }
      throw new InvalidQueryError(
        `${name} cannot match a stored payload: at ${refusal.path}, ${refusal.reason}.`,
        { cause: refusal.cause },
      );
    }
  }
  return prepared;
}

/**
 * Checks a sequence number from outside; absent becomes `null`.
 *
 * @throws InvalidVersionError
 */
export function prepareVersion(version: unknown, what: string): bigint | null {
  if (version === undefined || version === null) return null;
  if (isSequenceNumber(version)) return version;
  throw new InvalidVersionError(
    typeof version === 'bigint'
      ? `${what} is ${version}; expected 0 to 2^63 - 1, or null.`
      : `${what} is ${describe(version)}; expected a bigint or null.`,
  );
}

/**
 * Checks a durable stream and returns its name.
 *
 * @throws InvalidStreamNameError
 */
export function prepareStreamName(stream: DurableStream, limits: FactStoreLimits): string {
  if (!isObject(stream)) {
    throw new InvalidStreamNameError(
      `A durable stream is an object such as { name: 'inventory' }, not ${describe(stream)}.`,
    );
  }
  const { name } = stream;
  const problem = nameProblem(name, limits);
  if (problem !== undefined) {
    throw new InvalidStreamNameError(`The durable stream's name ${problem}.`);
  }
  return name;
}

/** @throws InvalidHandlerError */
export function checkHandler(handle: StreamHandler): StreamHandler {
  if (typeof handle !== 'function') {
    throw new InvalidHandlerError(
      `A stream's handler is ${describe(handle)}; expected a function.`,
    );
  }
  return handle;
}

/** Why a name cannot be stored, or `undefined` when it can. */
export function nameProblem(name: unknown, limits: FactStoreLimits): string | undefined {
  if (typeof name !== 'string') return `is ${describe(name)}; expected a string`;
  if (name === '') return 'is empty';
  if (exceeds(name, limits.maxNameBytes)) {
    return `is longer than ${limits.maxNameBytes} bytes (maxNameBytes)`;
  }
  return textProblem(name);
}

/** Whether a text has more bytes in UTF-8. */
export function exceeds(text: string, maxBytes: number): boolean {
  // A UTF-16 unit takes at most three bytes of UTF-8: counting is needed only in between.
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
}

function refuseUnknownKeys(value: object, known: readonly string[], subject: string): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new InvalidQueryError(
        `${subject} has the unknown member ${JSON.stringify(key.slice(0, 60))}; known are ${known.join(' and ')}.`,
      );
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names a value's kind, never its content. */
function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  const kind = typeof value;
  return kind === 'undefined' ? 'undefined' : `${kind === 'object' ? 'an' : 'a'} ${kind}`;
}
