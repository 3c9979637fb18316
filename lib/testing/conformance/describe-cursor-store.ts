import type { MaybePromise } from '../../contract/contract.types.js';
import type { CursorStore } from '../../cursors/cursor-store.js';
import { describeCursorStoreEdges } from './cursors/cursor-store-edges.js';
import { describeCursorStoreProtocol } from './cursors/cursor-store-protocol.js';
import { describeCursorStorePromises } from './cursors/cursor-store.js';
import type { TestRunner } from './runner.js';
import { Suite } from './suite.js';

/** Options of `describeCursorStore`. @publicApi */
export interface CursorStoreConformanceOptions {
  /** What the tests' titles call it. Default `a custom store`. */
  name?: string | undefined;
  /** Whether its database tells by a clock of its own that a lease has expired. Default `false`. */
  hasClock?: boolean | undefined;
}

/**
 * Registers the tests that every `CursorStore` has to pass: leases and epochs, fenced cursors, parked facts,
 * interventions, and two that write at a time.
 *
 * @param open makes a cursor store of an empty database. A list of two: two of one database, as two processes have
 * them. What it opened is the test's to close, in an `afterEach` of its own
 */
export function describeCursorStore(
  runner: TestRunner,
  open: () => MaybePromise<CursorStore | readonly [CursorStore, CursorStore]>,
  { name = 'a custom store', hasClock = false }: CursorStoreConformanceOptions = {},
): void {
  const suite = new Suite(runner);
  const kind = {
    name,
    hasClock,
    open: async () => {
      const opened = await open();
      const [cursorStore, other] = isPair(opened) ? opened : [opened, opened];
      return { cursorStore, other };
    },
  };
  describeCursorStorePromises(suite, kind);
  describeCursorStoreProtocol(suite, kind);
  describeCursorStoreEdges(suite, kind);
}

function isPair(
  opened: CursorStore | readonly [CursorStore, CursorStore],
): opened is readonly [CursorStore, CursorStore] {
  return Array.isArray(opened);
}
