import { factsHash } from '../../../contract/append-id.js';
import { prepareMetadata } from '../../../contract/append-metadata.js';
import { FactstrError, InvalidOptionsError } from '../../../contract/errors.js';
import { JsonRefusal, textProblem, toJsonValue } from '../../../contract/json-value.js';
import type { JsonValue } from '../../../contract/json-value.js';
import { MAX_SEQUENCE_NUMBER } from '../../../contract/limits.js';
import { canonicalTime } from '../batch.js';
import type {
  FileBatch,
  TransferredAppend,
  TransferredFact,
  TransferredMetadata,
} from '../batch.js';
import { readLine } from './read-line.js';
import type { FactMembers, Members } from './read-line.js';

/** A fact with its payload as a value, which its append's hash is made of. */
interface ReadFact {
  readonly fact: TransferredFact;
  readonly payload: JsonValue;
}

/** Of UTC, with up to the nanoseconds that FACTSTR keeps; there is no year 0 in Postgres. */
const TIME =
  /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;
const SHA_256 = /^[\da-f]{64}$/;

/**
 * The batch of a line, in which everything fits together: what a store reads later without a check is checked here.
 * Payloads are carried as text.
 *
 * @param where as in `Line 7 of facts.ndjson`
 * @throws InvalidOptionsError for what is no batch, or one that no store can have written
 */
export function batchOf(line: string, where: string): FileBatch {
  try {
    const members = readLine(line);
    const read = Array.from(members.facts, factOf);
    if (read.length === 0) throw new SyntaxError('it has no facts');
    const facts = read.map(({ fact }) => fact);
    const first = facts[0]!.sequence_number;
    for (const [index, { sequence_number }] of facts.entries()) {
      if (sequence_number === first + BigInt(index)) continue;
      throw new SyntaxError(
        `fact ${sequence_number} stands where ${first + BigInt(index)} belongs`,
      );
    }
    return {
      where,
      facts,
      metadata: metadataOf(members.metadata(), first),
      append: appendOf(members.append(), read),
    };
  } catch (error) {
    const reason =
      error instanceof SyntaxError ? error.message : 'it is nested too deeply to be read';
    throw new InvalidOptionsError(
      `${where} is no batch of an export: ${reason}. Nothing of this line was written. Export the facts again, into another file.`,
    );
  }
}

function factOf(members: FactMembers): ReadFact {
  const { sequence_number: number, payload } = members;
  if (!isNumber(number)) throw new SyntaxError('a fact has no number');
  const name = `fact ${number}`;
  if (payload === undefined) throw new SyntaxError(`${name} has no payload`);
  return {
    fact: {
      sequence_number: BigInt(number),
      occurred_at: timeOf(members.occurred_at, `the occurred_at of ${name}`),
      event_type: textOf(members.event_type, `the event_type of ${name}`),
      payload: payload.text,
    },
    payload: payloadOf(payload.value, name),
  };
}

/** Sizes are the limits of a store, which may be set higher than here. */
function payloadOf(value: unknown, name: string): JsonValue {
  try {
    return toJsonValue(value, Infinity);
  } catch (error) {
    if (!(error instanceof JsonRefusal)) throw error;
    throw new SyntaxError(
      `the payload of ${name} cannot be stored: at ${error.path}, ${error.reason}`,
    );
  }
}

function metadataOf(
  members: Members<keyof TransferredMetadata> | null,
  first: bigint,
): TransferredMetadata | null {
  if (members === null) return null;
  const { causation, correlation, text: kept } = members;
  if (typeof kept !== 'string') throw new SyntaxError('its metadata has no text');
  const prepared = preparedOf(kept);
  if (causation !== null && !isNumber(causation)) {
    throw new SyntaxError('the causation of its metadata is neither null nor a number, as text');
  }
  if (causation !== (prepared.causation?.toString() ?? null)) {
    throw new SyntaxError('the causation of its metadata is not the one in its text');
  }
  if (correlation !== prepared.correlation) {
    throw new SyntaxError('the correlation of its metadata is not the one in its text');
  }
  if (prepared.causation !== null && prepared.causation >= first) {
    throw new SyntaxError(`it follows from fact ${causation}, which is not before it`);
  }
  return { causation, correlation: prepared.correlation, text: kept };
}

function preparedOf(text: string): NonNullable<ReturnType<typeof prepareMetadata>> {
  try {
    const prepared = prepareMetadata(JSON.parse(text));
    if (prepared !== null) return prepared;
  } catch (error) {
    if (error instanceof FactstrError) {
      throw new SyntaxError(error.message.replace(/\. Nothing was written\..*$/s, ''));
    }
  }
  throw new SyntaxError('the text of its metadata is no JSON object with members');
}

function appendOf(
  members: Members<keyof TransferredAppend> | null,
  facts: readonly ReadFact[],
): TransferredAppend | null {
  if (members === null) return null;
  const { id, facts_hash, command_hash, appended_at: at } = members;
  if (command_hash !== null && !isHash(command_hash)) {
    throw new SyntaxError('the command_hash of its append is neither null nor a SHA-256 in hex');
  }
  if (!isHash(facts_hash)) {
    throw new SyntaxError('the facts_hash of its append is no SHA-256 in hex');
  }
  const types = facts.map(({ fact, payload }) => ({ event_type: fact.event_type, payload }));
  if (facts_hash !== factsHash(types)) {
    throw new SyntaxError(
      'the facts_hash of its append is not that of its facts, which were changed since they were appended',
    );
  }
  return {
    id: textOf(id, 'the id of its append'),
    facts_hash,
    command_hash,
    appended_at: at === 'infinity' ? at : timeOf(at, 'the appended_at of its append'),
  };
}

function isNumber(value: unknown): value is string {
  if (typeof value !== 'string' || !/^[1-9]\d{0,18}$/.test(value)) return false;
  return BigInt(value) <= MAX_SEQUENCE_NUMBER;
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && SHA_256.test(value);
}

function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new SyntaxError(`${what} is no text`);
  const problem = textProblem(value);
  if (problem !== undefined) throw new SyntaxError(`${what} ${problem}`);
  return value;
}

function timeOf(value: unknown, what: string): string {
  const time = typeof value === 'string' ? canonicalTime(value) : '';
  if (TIME.test(time) && isDay(time.slice(0, 10))) return time;
  throw new SyntaxError(`${what} is no time of RFC 3339 in UTC, as in 2026-01-31T10:00:00.123Z`);
}

/** Days that a month does not have become days of the next one in a Date. */
function isDay(date: string): boolean {
  const day = Number(date.slice(8));
  return day <= 28 || new Date(`${date}T00:00:00Z`).getUTCDate() === day;
}
