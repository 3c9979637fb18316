import type { RelayedFact, RelayTarget } from '../../../lib/relay/relay-target.js';
import { until } from '../waiting/until.js';
import { pump } from './pump.js';

/**
 * Sends facts to the end while `fault` is played again and again, each time when more were acknowledged. Resolves with
 * what the target has told of it.
 */
export async function disturb(
  target: RelayTarget,
  name: string,
  facts: readonly RelayedFact[],
  fault: () => Promise<void>,
): Promise<Error[]> {
  const failures: Error[] = [];
  const over = new AbortController();
  const state = { sent: 0, isDone: false };
  const sending = pump(target, facts, {
    name,
    signal: over.signal,
    onSent: (place) => (state.sent = place),
    onFailure: (error) => failures.push(error),
  }).finally(() => (state.isDone = true));
  const disturbing = (async () => {
    while (!state.isDone) {
      const before = state.sent;
      await until(
        () => state.isDone || state.sent > before,
        () => `facts after ${before}; failures: ${failures.slice(-3).map(String).join('; ')}`,
      );
      if (!state.isDone) await fault();
    }
  })();
  try {
    await Promise.all([sending, disturbing]);
  } finally {
    over.abort();
  }
  return failures;
}
