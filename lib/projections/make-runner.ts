import type { FactStore } from '../contract/contract.types.js';
import { DEFAULT_LIMITS } from '../contract/limits.js';
import { prepareQuery } from '../contract/validation.js';
import { newOwner } from '../streams/process-identity.js';
import { CleanContext } from '../streams/clean-context.js';
import { walkableOf } from '../streams/walkable-store.js';
import { PlainEffects } from './effects.js';
import type { Effects } from './effects.js';
import { LeasedRunner } from './leased-runner.js';
import type { Projection, ProjectionObserver } from './projection.js';
import type { Runner } from './runner.js';
import { StreamRunner } from './stream-runner.js';

/** The runner that a store admits. `effects`: where not the store itself keeps the cursor. */
export function makeRunner(
  store: FactStore,
  projection: Projection,
  observer: ProjectionObserver,
  effects?: Effects,
): Runner {
  const walkable = walkableOf(store);
  if (walkable === undefined) return new StreamRunner(store, projection, observer);
  const { source, reader, closed, streams } = walkable;
  // An owner of its own: a bare stream of the same store is not to take the name for its own leftover.
  const lease = { ...walkable.lease, owner: newOwner() };
  const context = new CleanContext();
  const outside: Projection = {
    ...projection,
    handle: (call) =>
      context.run(() => {
        const handle = (): unknown => projection.handle(call);
        return effects?.enclose === undefined ? handle() : effects.enclose(handle);
      }),
  };
  return new LeasedRunner(
    { source, reader, closed, streams },
    outside,
    prepareQuery(projection.query, DEFAULT_LIMITS),
    effects ?? new PlainEffects(source.ledger, lease, projection.startFrom !== undefined),
    lease,
    observer,
  );
}
