import type { FactStore } from '../../contract/contract.types.js';
import type { FactStoreLimits } from '../../contract/limits.js';
import { translated } from '../../contract/fact-codec.js';
import { prepareQuery } from '../../contract/validation.js';
import { newOwner } from '../../cursors/process-identity.js';
import { CleanContext } from '../../streams/clean-context.js';
import { codedOf, limitsOf, walkableOf } from '../../streams/store-face.js';
import { PlainCommit } from '../delivery/commit.js';
import type { ProjectionCommit } from '../delivery/commit.js';
import { LeasedRunner } from './leased-runner.js';
import { OwnCalls } from './own-calls.js';
import type { Projection, ProjectionCall, ProjectionObserver } from '../projection.js';
import type { Runner } from './runner.js';
import { StreamRunner } from './stream-runner.js';

export interface RunnerOptions {
  /** Present where the store itself does not keep the cursor. */
  readonly commits?: ProjectionCommit;
  /** Limits that the query is checked by. Default: the store's. */
  readonly limits?: FactStoreLimits;
}

/** Makes the runner: under a lease where the store shows its log, else by the store's own durable stream. */
export function makeRunner(
  store: FactStore,
  projection: Projection,
  observer: ProjectionObserver,
  { commits, limits = limitsOf(store) }: RunnerOptions = {},
): Runner {
  const calls = new OwnCalls();
  const walkable = walkableOf(store);
  if (walkable === undefined) {
    const own = (call: ProjectionCall): unknown => calls.run(() => projection.handle(call));
    const plain = { ...projection, handle: own };
    const coded = codedOf(store);
    if (coded === undefined) return new StreamRunner(store, plain, calls, observer);
    // Decoded by the runner, which knows what to do with facts that cannot be.
    const { stored, codec } = coded;
    const query = coded.asStored(projection.query);
    return new StreamRunner(stored, { ...plain, query, codec }, calls, observer);
  }
  const { source, reader, closed, streams, codec, matching } = walkable;
  // An owner of its own, so that a bare stream of this store does not take the runner's lease for its own.
  const lease = { ...walkable.lease, owner: newOwner() };
  const context = new CleanContext();
  const outside: Projection = {
    ...projection,
    codec,
    // It may change while the projection runs.
    get batch() {
      return projection.batch;
    },
    handle: (call) =>
      context.run(() => {
        const handle = (): unknown => calls.run(() => projection.handle(call));
        return commits?.enclose === undefined ? handle() : commits.enclose(handle);
      }),
  };
  return new LeasedRunner(
    { source, reader, closed, streams, matching },
    outside,
    translated(prepareQuery(projection.query, limits), codec, limits),
    commits ?? new PlainCommit(source.cursorStore, lease, projection.startFrom !== undefined),
    calls,
    lease,
    observer,
  );
}
