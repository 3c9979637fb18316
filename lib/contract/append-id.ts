import { createHash } from 'node:crypto';
import type { AppendOptions, AppendResult } from './contract.types.js';
import { AppendIdReusedError, InvalidAppendIdError, InvalidOptionsError } from './errors.js';
import type { JsonValue } from './json-value.js';
import type { FactStoreLimits } from './limits.js';
import { nameProblem } from './validation.js';
import type { PreparedFact } from './validation.js';

/** An append's id that passed every check, with the hash of the append's facts. */
export interface PreparedAppendId {
  readonly id: string;
  /** SHA-256 of types and payloads, in hex. The order of an object's keys does not count. */
  readonly facts_hash: string;
}

/** The append that was committed under an id. */
export interface RecordedAppend {
  readonly facts_hash: string;
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
  known: readonly string[] = ['appendId'],
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
  if (unknown === undefined) return;
  throw new InvalidOptionsError(
    `The append has the unknown option ${JSON.stringify(unknown.slice(0, 60))}; known here: ${known.join(', ')}. Nothing was written.`,
  );
}

/**
 * Checks an append's id; absent becomes `null`.
 *
 * @throws InvalidAppendIdError
 */
export function prepareAppendId(
  appendId: string | null | undefined,
  facts: readonly PreparedFact[],
  limits: FactStoreLimits,
): PreparedAppendId | null {
  if (appendId === undefined || appendId === null) return null;
  const problem = nameProblem(appendId, limits);
  if (problem !== undefined) {
    throw new InvalidAppendIdError(`The appendId ${problem}. Nothing was written.`);
  }
  return { id: appendId, facts_hash: hashOf(facts) };
}

/**
 * The result of the append that was committed under this id.
 *
 * @throws AppendIdReusedError when that append had other facts
 */
export function recordedAppend(
  appendId: PreparedAppendId,
  { facts_hash, first, last }: RecordedAppend,
): AppendResult {
  if (facts_hash !== appendId.facts_hash) {
    throw new AppendIdReusedError(
      `The appendId ${JSON.stringify(appendId.id)} was used for other facts before (${first} to ${last}). ` +
        'Nothing was written. Use a new id for each append, and the same one only to repeat it.',
    );
  }
  return {
    first_sequence_number: first,
    last_sequence_number: last,
    committed_count: last - first + 1n,
  };
}

function hashOf(facts: readonly PreparedFact[]): string {
  const hash = createHash('sha256');
  for (const { event_type, payload } of facts) {
    hash.update(`${JSON.stringify(event_type)}${JSON.stringify(withSortedKeys(payload))}\n`);
  }
  return hash.digest('hex');
}

/** Objects become sorted arrays of entries, since a key may be called `__proto__`; the key '' marks them as objects. */
function withSortedKeys(value: JsonValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withSortedKeys);
  const keys = Object.keys(value).sort();
  return { '': keys.map((key) => [key, withSortedKeys(value[key]!)]) };
}
