import type { EventRecord } from '../../contract/contract.types.js';
import type { Lease } from '../../cursors/lease.js';
import type { LogSource } from '../../streams/log-source.js';
import { HandlerFailure, callHandler } from './call-handler.js';
import type { ProjectionCommit } from './commit.js';
import { describeError, isInstance } from '../../support/describe-error.js';
import { LeaseLost } from './persist.js';
import type { Persistence, RunSignals } from './persist.js';
import type { Projection } from '../projection.js';
import type { RunnerState } from '../state.js';

/**
 * Handles the parked facts again, in order, before anything newer. A fact that fails again stays parked, and so do
 * the facts behind it: their order is kept.
 */
export async function retryParked(
  source: LogSource,
  projection: Projection,
  commits: ProjectionCommit,
  lease: Lease,
  state: RunnerState,
  persistence: Persistence,
  signals: RunSignals,
): Promise<void> {
  for (const parked of await commits.cursorStore.parked(projection.name)) {
    if (signals.stop.aborted) return;
    const fact = await readFact(source, parked.sequence_number);
    const attempt = parked.attempts + 1;
    try {
      const committed = await commits.unpark(
        projection.name,
        lease.epoch,
        parked.sequence_number,
        (manager) =>
          callHandler(projection, [fact], {
            batchEnds: [],
            attempt,
            replaying: true,
            manager,
            signal: signals.cancel,
            onStuck: (reason) => state.stuck(reason),
          }),
      );
      if (!committed) throw new LeaseLost();
      state.unparked();
    } catch (error) {
      if (signals.cancel.aborted) throw new LeaseLost();
      if (!isInstance(error, HandlerFailure)) throw error;
      state.failed([fact], attempt, error.cause);
      const still = {
        ...parked,
        attempts: attempt,
        error: describeError(error.cause),
        at: new Date().toISOString(),
      };
      await persistence.write(() =>
        commits.cursorStore.repark(projection.name, lease.epoch, still),
      );
      state.recovered();
      return;
    }
  }
}

async function readFact(source: LogSource, sequenceNumber: bigint): Promise<EventRecord> {
  const [batch] = await source.readBatches(sequenceNumber - 1n, 1);
  return batch!.event_records[0]!;
}
