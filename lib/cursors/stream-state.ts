import type {
  Fingerprint,
  Intervention,
  LeaseOwner,
  LeaseVersion,
  QueryChange,
  StoredStream,
} from './cursor-store.js';
import { storableOwner } from './cursor-texts.js';

// What becomes of a name's state, for cursor stores that hold it as one value.

/** A name's parked facts, as far as its state depends on them. */
export interface ParkedSet {
  readonly size: number;
  /** When the one was parked that has been parked longest; `null` without any. */
  readonly since: string | null;
  delete(number: bigint): void;
  clear(): void;
}

/** A name's state, of which a cursor store changes a draft. `Parked`: how it keeps the parked facts. */
export interface StreamState<Parked extends ParkedSet = ParkedSet> {
  position: bigint;
  query_text: string;
  fingerprint: Fingerprint | null;
  epoch: bigint;
  renewals: bigint;
  owner: LeaseOwner | null;
  paused: boolean;
  retryParked: boolean;
  report: StoredStream['report'];
  readonly parked: Parked;
}

export function newStream<Parked extends ParkedSet>(
  query_text: string,
  position: bigint,
  parked: Parked,
): StreamState<Parked> {
  return {
    position,
    query_text,
    fingerprint: null,
    epoch: 0n,
    renewals: 0n,
    owner: null,
    paused: false,
    retryParked: false,
    report: null,
    parked,
  };
}

/** As other processes see it. */
export function storedStream({ parked, ...state }: StreamState): StoredStream {
  return { ...state, expired: false, parkedCount: parked.size, parkedSince: parked.since };
}

/** The earliest of some times; `null` of none. */
export function earliest(parked: Iterable<{ readonly at: string }>): string | null {
  let since: string | null = null;
  for (const { at } of parked) {
    if (since === null || at < since) since = at;
  }
  return since;
}

/** The new epoch, or `undefined` when the lease has changed since it was seen. */
export function claim(
  state: StreamState,
  seen: LeaseVersion,
  owner: LeaseOwner,
): bigint | undefined {
  if (state.epoch !== seen.epoch || state.renewals !== seen.renewals) return undefined;
  state.owner = storableOwner(owner);
  state.renewals = 0n;
  return ++state.epoch;
}

/** Moves the cursor forward; at its own position it keeps what the fact there looks like. */
export function advance(state: StreamState, fingerprint: Fingerprint): void {
  const { sequence_number } = fingerprint;
  if (sequence_number < state.position) return;
  if (state.fingerprint?.sequence_number !== sequence_number) state.fingerprint = fingerprint;
  state.position = sequence_number;
}

/** Whether the stream was as its query's change supposes. */
export function changeQuery(
  state: StreamState,
  { former, position, queryText }: QueryChange,
): boolean {
  if (state.query_text !== former || state.position !== position) return false;
  state.query_text = queryText;
  return true;
}

/** Ends the owner's epoch, so that it commits nothing any more and looks. */
export function endEpoch(state: StreamState): void {
  state.epoch++;
  state.renewals = 0n;
  state.owner = null;
}

export function intervene(state: StreamState, { verb, position, queryText }: Intervention): void {
  endEpoch(state);
  if (verb === 'pause' || verb === 'resume') state.paused = verb === 'pause';
  if (verb === 'retryParked') state.retryParked = true;
  if (verb === 'discardParked' || position !== undefined) state.parked.clear();
  if (position !== undefined) {
    state.position = position;
    state.fingerprint = null;
  }
  if (queryText !== undefined) state.query_text = queryText;
}

export function unpark(state: StreamState, number: bigint): void {
  state.parked.delete(number);
  if (state.parked.size === 0) state.retryParked = false;
}
