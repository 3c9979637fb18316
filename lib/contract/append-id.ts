import { createHash } from 'node:crypto';
import type { AppendOptions, AppendResult } from './contract.types.js';
import {
  AppendIdReusedError,
  InvalidAppendIdError,
  InvalidOptionsError,
  LimitExceededError,
} from './errors.js';
import { refusalOf, toJsonValue } from './json-value.js';
import type { JsonValue } from './json-value.js';
import type { FactStoreLimits } from './limits.js';
import { exceeds, nameProblem } from './validation.js';
import type { PreparedFact } from './validation.js';

/** Options of an append, with those that only this package gives. */
export interface OwnAppendOptions extends AppendOptions {
  /** Has the id kept for ever, whatever `appendIdRetention` says. */
  permanent?: true | undefined;
}

/** The options that every store has. */
export const APPEND_OPTIONS: readonly (keyof OwnAppendOptions)[] = [
  'appendId',
  'command',
  'metadata',
  'permanent',
];

/** An append's id that passed every check, with what it stands for. */
export interface PreparedAppendId {
  readonly id: string;
  /** SHA-256 of types and payloads, in hex. The order of an object's keys does not count. */
  readonly facts_hash: string;
  /** SHA-256 of the command, in hex; `null` where there is none. */
  readonly command_hash: string | null;
  /** Whether it is kept for ever. */
  readonly permanent: boolean;
}

/** An append's id and command, without the facts. */
export type AskedAppendId = Pick<PreparedAppendId, 'id' | 'command_hash'>;

/** The append that was committed under an id. */
export interface RecordedAppend {
  readonly facts_hash: string;
  /** `null` where the append had no command, or a release before this one made it. */
  readonly command_hash: string | null;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Refuses unknown options of an append: a misspelt one would be ignored silently.
 *
 * @throws InvalidOptionsError
 */
export function checkAppendOptions(
  options: AppendOptions | null | undefined,
  known: readonly string[] = APPEND_OPTIONS,
): void {
  if (options === undefined || options === null) return;
  if (typeof options !== 'object') {
    throw new InvalidOptionsError(
      `The options of an append are an object such as { appendId: '…' }, not a ${typeof options}.`,
    );
  }
  const unknown = Object.keys(options).find(
    (key) => !known.includes(key) && options[key as keyof AppendOptions] !== undefined,
  );
  if (unknown !== undefined) {
    const shown = known.filter((option) => option !== 'permanent').join(', ');
    throw new InvalidOptionsError(
      `The append has the unknown option ${JSON.stringify(unknown.slice(0, 60))}; known here: ${shown}. Nothing was written.`,
    );
  }
  if (options.command === undefined || isGiven(options.appendId)) return;
  throw new InvalidOptionsError(
    'The option command is kept beside an appendId, and the append has none. Nothing was written. Give it an appendId, or leave the command out.',
  );
}

/**
 * Checks an append's id and command; an absent id becomes `null`.
 *
 * @throws InvalidAppendIdError, InvalidOptionsError, LimitExceededError
 */
export function prepareAppendId(
  appendId: string | null | undefined,
  facts: readonly PreparedFact[],
  limits: FactStoreLimits,
  options?: Omit<OwnAppendOptions, 'appendId'>,
): PreparedAppendId | null {
  if (!isGiven(appendId)) return null;
  const asked = prepareAskedId(appendId, options?.command, limits);
  return { ...asked, facts_hash: factsHash(facts), permanent: options?.permanent === true };
}

/**
 * Checks the id and the command of an append whose facts are not known yet.
 *
 * @throws InvalidAppendIdError, InvalidOptionsError, LimitExceededError
 */
export function prepareAskedId(
  appendId: string,
  command: unknown,
  limits: FactStoreLimits,
): AskedAppendId {
  const problem = nameProblem(appendId, limits);
  if (problem !== undefined) {
    throw new InvalidAppendIdError(`The appendId ${problem}. Nothing was written.`);
  }
  return {
    id: appendId,
    command_hash: command === undefined ? null : hashOfCommand(command, limits),
  };
}

function isGiven<T>(appendId: T): appendId is NonNullable<T> {
  return appendId !== undefined && appendId !== null;
}

/**
 * The result of the append that was committed under this id. Commands tell whether it is the same append; where one
 * of the two has none, facts do.
 *
 * @throws AppendIdReusedError when that append had another command, or other facts
 */
export function recordedAppend(appendId: PreparedAppendId, recorded: RecordedAppend): AppendResult {
  const answered = answerOf(appendId, recorded);
  if (answered !== undefined) return answered;
  if (recorded.facts_hash !== appendId.facts_hash) throw reused(appendId, recorded, 'other facts');
  return resultOf(recorded);
}

/**
 * The result of the append that was committed under this id with this command; `undefined` where one of the two has
 * no command: the facts tell then.
 *
 * @throws AppendIdReusedError when that append had another command
 */
export function answerOf(
  asked: AskedAppendId,
  recorded: RecordedAppend | undefined,
): AppendResult | undefined {
  const before = recorded?.command_hash ?? null;
  if (recorded === undefined || before === null || asked.command_hash === null) return undefined;
  if (before !== asked.command_hash) throw reused(asked, recorded, 'another command');
  return resultOf(recorded);
}

function resultOf({ first, last }: RecordedAppend): AppendResult {
  const result = {
    first_sequence_number: first,
    last_sequence_number: last,
    committed_count: last - first + 1n,
  };
  RECORDED.add(result);
  return result;
}

/** Results that were recorded before the append that they answer. */
const RECORDED = new WeakSet<AppendResult>();

/** Whether another append of the same id had this result before. */
export function wasRecorded(result: AppendResult): boolean {
  return RECORDED.has(result);
}

function reused(
  { id }: AskedAppendId,
  { first, last }: RecordedAppend,
  what: string,
): AppendIdReusedError {
  return new AppendIdReusedError(
    `The appendId ${JSON.stringify(id)} was used for ${what} before (${first} to ${last}). ` +
      'Nothing was written. Use a new id for each append, and the same one only to repeat it.',
  );
}

/** SHA-256 of types and payloads, in hex, whatever the order of an object's keys. */
export function factsHash(facts: readonly Pick<PreparedFact, 'event_type' | 'payload'>[]): string {
  const hash = createHash('sha256');
  for (const { event_type, payload } of facts) {
    hash.update(`${JSON.stringify(event_type)}${JSON.stringify(withSortedKeys(payload))}\n`);
  }
  return hash.digest('hex');
}

/** As with facts, the order of an object's keys does not count. */
function hashOfCommand(command: unknown, limits: FactStoreLimits): string {
  let value: JsonValue;
  try {
    value = toJsonValue(command, limits.maxPayloadBytes);
  } catch (error) {
    const { reason, path, tooLarge, cause } = refusalOf(error);
    const problem = `The command of the append cannot be JSON: at ${path}, ${reason}. Nothing was written.`;
    if (tooLarge) throw new LimitExceededError(problem);
    throw new InvalidOptionsError(problem, { cause });
  }
  const text = JSON.stringify(withSortedKeys(value));
  if (exceeds(text, limits.maxPayloadBytes)) {
    throw new LimitExceededError(
      `The command of the append is larger than ${limits.maxPayloadBytes} bytes (maxPayloadBytes). Nothing was written. Leave out of it what does not tell one command from another.`,
    );
  }
  return createHash('sha256').update(text).digest('hex');
}

/** Objects become sorted arrays of entries, since a key may be called `__proto__`; the key '' marks them as objects. */
function withSortedKeys(value: JsonValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withSortedKeys);
  const keys = Object.keys(value).sort();
  return { '': keys.map((key) => [key, withSortedKeys(value[key]!)]) };
}
