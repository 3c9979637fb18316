import type { FactMetadata } from './contract.types.js';
import { InvalidOptionsError, LimitExceededError } from './errors.js';
import { refusalOf, toJsonValue } from './json-value.js';
import type { JsonValue } from './json-value.js';
import { DEFAULT_LIMITS, isSequenceNumber } from './limits.js';
import { exceeds, nameProblem } from './validation.js';

/** Bytes of one append's metadata as JSON text in UTF-8, at most. */
export const MAX_METADATA_BYTES = 65_536;

/** An append's metadata that passed every check. */
export interface PreparedMetadata {
  /** All of it, as JSON text. */
  readonly text: string;
  readonly correlation: string | null;
  /** The fact of the same store that the append follows from. */
  readonly causation: bigint | null;
}

/** The metadata of one append as it is stored, with its facts' numbers. */
export interface MetadataRow {
  readonly first: bigint;
  readonly last: bigint;
  readonly text: string;
}

/**
 * Checks an append's metadata. Absent, and without a member, it becomes `null`.
 *
 * @throws InvalidOptionsError, LimitExceededError
 */
export function prepareMetadata(metadata: unknown): PreparedMetadata | null {
  if (metadata === undefined || metadata === null) return null;
  const value = jsonOf(metadata);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused("is no object such as { correlation_id: '…' }");
  }
  if (Object.keys(value).length === 0) return null;
  const correlation = textOf(value, 'correlation_id');
  const causation = causationOf(value);
  const text = JSON.stringify(value);
  if (exceeds(text, MAX_METADATA_BYTES)) throw tooLarge();
  return {
    text,
    correlation,
    causation: textOf(value, 'causation_store') === null ? causation : null,
  };
}

/** The metadata of each of these facts, by the rows of their appends in the order of the log. */
export function metadataIn(
  rows: readonly MetadataRow[],
  numbers: readonly bigint[],
): (FactMetadata | null)[] {
  return numbers.map((number) => {
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rows[middle]!.first <= number) low = middle + 1;
      else high = middle;
    }
    const row = rows[low - 1];
    return row !== undefined && number <= row.last ? (JSON.parse(row.text) as FactMetadata) : null;
  });
}

function jsonOf(metadata: unknown): JsonValue {
  try {
    return toJsonValue(metadata, MAX_METADATA_BYTES);
  } catch (error) {
    const { reason, path, tooLarge: isTooLarge, cause } = refusalOf(error);
    throw isTooLarge ? tooLarge() : refused(`cannot be JSON: at ${path}, ${reason}`, cause);
  }
}

function causationOf(value: { [member: string]: JsonValue }): bigint | null {
  const text = textOf(value, 'causation_id');
  if (text === null) return null;
  const number = /^[1-9][0-9]{0,18}$/.test(text) ? BigInt(text) : undefined;
  if (isSequenceNumber(number)) return number;
  throw refused(
    'has a causation_id that is no sequence number of a fact, as text. Keep another kind of cause under a name of your own',
  );
}

function textOf(value: { [member: string]: JsonValue }, member: string): string | null {
  const found = Object.hasOwn(value, member) ? value[member] : null;
  if (found === null) return null;
  const problem = nameProblem(found, DEFAULT_LIMITS);
  if (problem === undefined) return found as string;
  throw refused(`has a member ${member} that ${problem}`);
}

function refused(what: string, cause?: unknown): InvalidOptionsError {
  return new InvalidOptionsError(`The metadata of the append ${what}. Nothing was written.`, {
    cause,
  });
}

function tooLarge(): LimitExceededError {
  return new LimitExceededError(
    `The metadata of the append is larger than ${MAX_METADATA_BYTES} bytes as JSON. Nothing was written. Keep large content elsewhere, and refer to it.`,
  );
}
