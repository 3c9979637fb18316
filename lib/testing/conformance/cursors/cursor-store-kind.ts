import type { MaybePromise } from '../../../contract/contract.types.js';
import type { CursorStore, LeaseOwner } from '../../../cursors/cursor-store.js';

/** A kind of cursor store, as the suites ask for it. */
export interface CursorStoreKind {
  readonly name: string;
  /** Whether the database tells by its own clock that a lease has expired. */
  readonly hasClock: boolean;
  /** Two cursor stores of one empty database, or the same one twice where no two can share one. */
  readonly open: () => MaybePromise<{
    readonly cursorStore: CursorStore;
    readonly other: CursorStore;
  }>;
}

/** Of another host: nothing tells from here whether it lives. */
export function stranger(id: string): LeaseOwner {
  return { id, host: 'elsewhere', pid: 7, boot: 'another boot', started: '1' };
}
