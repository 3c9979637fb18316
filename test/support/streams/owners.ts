import type { LeaseOwner, StoredStream } from '../../../lib/cursors/cursor-store.js';
import { newOwner } from '../../../lib/cursors/process-identity.js';

/** Of another host: nobody can tell from here whether it lives. */
export function stranger(id: string): LeaseOwner {
  return { id, host: 'elsewhere', pid: 7, boot: 'another boot', started: '1' };
}

/** Of this host, and certainly dead: its pid has started at another time. */
export function deadOwner(id: string): LeaseOwner {
  return { ...newOwner(), id, started: 'never' };
}

/** Of this very process. */
export function livingOwner(id: string): LeaseOwner {
  return { ...newOwner(), id };
}

/** What is stored of a name that was just opened, but for what is given. */
export function storedAs(parts: Partial<StoredStream> = {}): StoredStream {
  return {
    position: 0n,
    query_text: '"*"',
    fingerprint: null,
    epoch: 4n,
    renewals: 3n,
    owner: null,
    expired: false,
    paused: false,
    retryParked: false,
    parkedCount: 0,
    report: null,
    ...parts,
  };
}
