import { InvalidOptionsError } from './errors.js';
import { isWhole } from './numbers.js';

/**
 * Upper bounds for what is written. What FACTSTR wrote is read whatever its size.
 *
 * @publicApi
 */
export interface FactStoreLimits {
  /** Bytes of one payload as JSON text in UTF-8. Default 1 MiB. */
  maxPayloadBytes: number;
  /** Facts in one append. Default 10,000. */
  maxBatchFacts: number;
  /** Bytes of all payloads of one append. Default 16 MiB. */
  maxBatchBytes: number;
  /** Bytes of an event type, stream name or append id in UTF-8. Default 256. */
  maxNameBytes: number;
  /** Payload predicates in one query. Default 1,000. */
  maxPredicates: number;
}

/**
 * Limits to be changed; absent ones keep their default.
 *
 * @publicApi
 */
export type FactStoreLimitOptions = { [L in keyof FactStoreLimits]?: number | undefined };

export const DEFAULT_LIMITS: Readonly<FactStoreLimits> = {
  maxPayloadBytes: 1024 * 1024,
  maxBatchFacts: 10_000,
  maxBatchBytes: 16 * 1024 * 1024,
  maxNameBytes: 256,
  maxPredicates: 1_000,
};

const NAMES = Object.keys(DEFAULT_LIMITS) as (keyof FactStoreLimits)[];

/** Nesting beyond this breaks FACTSTR's reader (`serde_json` stops at 128). Not configurable. */
export const MAX_NESTING = 127;

/** The largest sequence number: 2^63 - 1. */
export const MAX_SEQUENCE_NUMBER = 9_223_372_036_854_775_807n;

export function isSequenceNumber(value: unknown): value is bigint {
  return typeof value === 'bigint' && value >= 0n && value <= MAX_SEQUENCE_NUMBER;
}

/**
 * Completes configured limits with the defaults.
 *
 * @throws InvalidOptionsError
 */
export function resolveLimits(limits: FactStoreLimitOptions = {}): FactStoreLimits {
  checkNames(limits);
  const resolved = { ...DEFAULT_LIMITS };
  for (const name of NAMES) {
    const limit: unknown = limits[name];
    if (limit === undefined) continue;
    if (limit !== Infinity && !isWhole(limit, 1)) {
      throw new InvalidOptionsError(`The limit ${name} is a positive integer, or Infinity.`);
    }
    resolved[name] = limit;
  }
  return resolved;
}

/** Refuses unknown limits: a misspelt one would be ignored silently. */
function checkNames(limits: FactStoreLimitOptions): void {
  const given: unknown = limits;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidOptionsError(
      'The limits are an object such as { maxBatchFacts: 1000 }; absent ones keep their default.',
    );
  }
  const unknown = Object.entries(given).find(
    ([name, limit]) => limit !== undefined && !(NAMES as string[]).includes(name),
  );
  if (unknown === undefined) return;
  throw new InvalidOptionsError(
    `There is no limit ${JSON.stringify(unknown[0].slice(0, 60))}; known are ${NAMES.join(', ')}.`,
  );
}
