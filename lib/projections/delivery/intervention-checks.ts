import { InvalidOptionsError } from '../../contract/errors.js';
import type { Intervention, StoredStream } from '../../cursors/cursor-store.js';
import type { LogSource } from '../../streams/log-source.js';
import { factAt } from '../../streams/reader/fact-mark.js';

/**
 * @throws InvalidOptionsError when the intervention names a position that the log does not have: one past its head, or
 * of a fact that a log with gaps (a relayed one) lacks
 */
export async function checkPosition(
  { verb, position }: Intervention,
  name: string,
  source: LogSource,
): Promise<void> {
  if (position === undefined || position === 0n) return;
  const head = await source.head();
  const what = `${verb} of projection ${JSON.stringify(name)} to ${position}`;
  if (position < 0n || position > head) {
    throw new InvalidOptionsError(`${what}: the log goes from 0 to ${head}.`);
  }
  if ((await factAt(source, position)) !== null) return;
  throw new InvalidOptionsError(
    `${what}: the log has no fact of that number. Take the number of a fact before it, or 0.`,
  );
}

/** Whether the intervention changes nothing: moving the epoch for it would only have facts delivered again. */
export function isSaidAlready({ verb }: Intervention, stored: StoredStream): boolean {
  if (verb === 'pause') return stored.paused;
  if (verb === 'resume') return !stored.paused;
  return (verb === 'retryParked' || verb === 'discardParked') && stored.parkedCount === 0;
}
