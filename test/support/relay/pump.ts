import { pause } from '../../../lib/support/async/turns.js';
import type { RelayedFact, RelayTarget } from '../../../lib/relay/relay-target.js';
import { SOURCE } from './facts.js';

export interface PumpSettings {
  /** The relay's name. */
  readonly name: string;
  /** Facts at once. Default 200. */
  readonly batch?: number;
  /** Called with the place after each acknowledged batch. */
  readonly onSent?: (sent: number) => void;
  /** Called with what failed. */
  readonly onFailure?: (error: Error) => void;
  /** Ends it before all are acknowledged. */
  readonly signal?: AbortSignal;
  /** How long one call may take, in milliseconds. Default 20,000. */
  readonly timeout?: number;
}

/**
 * Sends facts as a relay does: opens, asks for the last one, goes on after it or after its own cursor, and begins anew
 * after each failure. Resolves when all are acknowledged.
 */
export async function pump(
  target: RelayTarget,
  facts: readonly RelayedFact[],
  settings: PumpSettings,
): Promise<void> {
  const { name, batch = 200, onSent, onFailure, timeout = 20_000 } = settings;
  const limit = (): AbortSignal => AbortSignal.timeout(timeout);
  let cursor = 0;
  while (settings.signal?.aborted !== true) {
    try {
      await target.open({ name, source: SOURCE }, limit());
      const last = await target.lastSent?.(limit());
      if (last !== undefined) {
        cursor = last === null ? 0 : facts.findIndex(({ event }) => event.id === last.id) + 1;
      }
      while (cursor < facts.length) {
        const next = facts.slice(cursor, cursor + batch);
        await target.send(next, limit());
        cursor += next.length;
        onSent?.(cursor);
      }
      return;
    } catch (error) {
      onFailure?.(error as Error);
      await pause(50);
    }
  }
}
