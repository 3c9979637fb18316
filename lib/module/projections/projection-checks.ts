import { InvalidOptionsError } from '../../contract/errors.js';
import { isSequenceNumber } from '../../contract/limits.js';
import { requireWhole } from '../../contract/numbers.js';
import type { DurableProjectionOptions } from '../handlers/durable-projection.options.js';

/** @throws InvalidOptionsError naming the option */
export function checkProjectionOptions(options: DurableProjectionOptions): void {
  requireWhole(options, 'version', 1);
  requireWhole(options, 'maxAttempts', 1);
  requireWhole(options, 'timeout', 1);
  const { startFrom, onFailure, batch } = options;
  if (!isStart(startFrom)) {
    throw new InvalidOptionsError(
      `The option startFrom is ${String(startFrom)}; expected 'beginning', 'now' or a sequence number (a bigint from 0n on).`,
    );
  }
  if (onFailure !== undefined && onFailure !== 'pause' && onFailure !== 'park') {
    throw new InvalidOptionsError(
      `The option onFailure is ${String(onFailure)}; expected 'pause' or 'park'.`,
    );
  }
  const { reactions } = options;
  if (reactions !== undefined && reactions !== 'once' && reactions !== 'repeat') {
    throw new InvalidOptionsError(
      `The option reactions is ${String(reactions)}; expected 'once' or 'repeat'.`,
    );
  }
  if (batch === undefined) return;
  if (typeof batch !== 'object' || batch === null || batch.maxFacts === undefined) {
    throw new InvalidOptionsError('The option batch is no { maxFacts: number, maxWait?: number }.');
  }
  requireWhole(batch, 'maxFacts', 1);
  requireWhole(batch, 'maxWait', 0);
}

/** The first option that a store with nothing but the contract cannot follow. */
export function needsLog(options: DurableProjectionOptions): string | undefined {
  const { version = 1, startFrom = 'beginning', onFailure = 'pause', batch } = options;
  const { transactional } = options as { transactional?: unknown };
  if (transactional !== undefined && transactional !== false) return 'transactional';
  if (version !== 1) return 'version';
  if (startFrom !== 'beginning') return 'startFrom';
  if (onFailure === 'park') return "onFailure: 'park'";
  return batch === undefined ? undefined : 'batch';
}

function isStart(startFrom: unknown): boolean {
  if (startFrom === undefined || startFrom === 'beginning' || startFrom === 'now') return true;
  return isSequenceNumber(startFrom);
}
