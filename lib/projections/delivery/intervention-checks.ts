import { InvalidOptionsError } from '../../contract/errors.js';
import type { Intervention, StoredStream } from '../../cursors/cursor-store.js';
import type { LogSource } from '../../streams/log-source.js';

/** @throws InvalidOptionsError when the intervention names a position that the log does not have */
export async function checkPosition(
  { verb, position }: Intervention,
  name: string,
  source: LogSource,
): Promise<void> {
  if (position === undefined || position === 0n) return;
  const head = await source.head();
  if (position > 0n && position <= head) return;
  throw new InvalidOptionsError(
    `${verb} of projection ${JSON.stringify(name)} to ${position}: the log goes from 0 to ${head}.`,
  );
}

/** Whether the intervention changes nothing: moving the epoch for it would only have facts delivered again. */
export function isSaidAlready({ verb }: Intervention, stored: StoredStream): boolean {
  if (verb === 'pause') return stored.paused;
  if (verb === 'resume') return !stored.paused;
  return (verb === 'retryParked' || verb === 'discardParked') && stored.parkedCount === 0;
}
