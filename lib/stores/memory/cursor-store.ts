import { randomUUID } from 'node:crypto';
import type {
  Fingerprint,
  Intervention,
  LeaseOwner,
  LeaseVersion,
  ParkedFact,
  QueryChange,
  RecordedIntervention,
  StoredStream,
  CursorStore,
  StreamReport,
} from '../../cursors/cursor-store.js';
import {
  storableBy,
  storableFact,
  storableOwner,
  storableReport,
} from '../../cursors/cursor-texts.js';

type Stored = { -readonly [K in keyof StoredStream]: StoredStream[K] } & {
  parked: Map<bigint, ParkedFact>;
};

/** The cursor store of a store of one process: no lease expires, yet epochs fence as in the other cursor stores. */
export class MemoryCursorStore implements CursorStore {
  readonly #identity = `memory:${randomUUID()}`;
  readonly #streams = new Map<string, Stored>();
  /** Also of names without a cursor. */
  readonly #active = new Map<string, number>();
  readonly #interventions = new Map<string, RecordedIntervention[]>();

  identity(): string {
    return this.#identity;
  }

  open(name: string, query_text: string, start: bigint): StoredStream {
    const stored = this.#streams.get(name) ?? {
      position: start,
      query_text,
      fingerprint: null,
      epoch: 0n,
      renewals: 0n,
      owner: null,
      expired: false,
      paused: false,
      retryParked: false,
      parkedCount: 0,
      report: null,
      parked: new Map(),
    };
    this.#streams.set(name, stored);
    return snapshot(stored);
  }

  find(name: string): StoredStream | undefined {
    const stored = this.#streams.get(name);
    return stored && snapshot(stored);
  }

  claim(name: string, seen: LeaseVersion, owner: LeaseOwner): bigint | undefined {
    const stored = this.#streams.get(name);
    if (stored?.epoch !== seen.epoch || stored.renewals !== seen.renewals) return undefined;
    stored.owner = storableOwner(owner);
    stored.renewals = 0n;
    return ++stored.epoch;
  }

  renew(name: string, epoch: bigint): boolean {
    return this.#fenced(name, epoch, (stored) => {
      stored.renewals++;
    });
  }

  release(name: string, epoch: bigint): void {
    this.#fenced(name, epoch, (stored) => {
      stored.owner = null;
    });
  }

  advance(name: string, epoch: bigint, fingerprint: Fingerprint): boolean {
    return this.#fenced(name, epoch, (stored) => {
      const { sequence_number } = fingerprint;
      if (sequence_number < stored.position) return;
      if (stored.fingerprint?.sequence_number !== sequence_number) stored.fingerprint = fingerprint;
      stored.position = sequence_number;
    });
  }

  report(name: string, epoch: bigint, report: StreamReport): boolean {
    return this.#fenced(name, epoch, (stored) => {
      stored.report = storableReport(report);
    });
  }

  changeQuery(name: string, epoch: bigint, { former, position, queryText }: QueryChange): boolean {
    const stored = this.#streams.get(name);
    if (stored?.query_text !== former || stored.position !== position) return false;
    return this.#fenced(name, epoch, () => {
      stored.query_text = queryText;
    });
  }

  intervene(name: string, { verb, by, position, queryText }: Intervention): void {
    const stored = this.#streams.get(name);
    if (stored !== undefined) {
      stored.epoch++;
      stored.renewals = 0n;
      stored.owner = null;
      if (verb === 'pause' || verb === 'resume') stored.paused = verb === 'pause';
      if (verb === 'retryParked') stored.retryParked = true;
      if (verb === 'discardParked' || position !== undefined) stored.parked.clear();
      if (position !== undefined) Object.assign(stored, { position, fingerprint: null });
      if (queryText !== undefined) stored.query_text = queryText;
    }
    // Also of a name without a cursor: a projection records where its cursor is kept before there is one.
    this.#record(name, { verb, by, position: position ?? null });
  }

  park(name: string, epoch: bigint, fact: ParkedFact, fingerprint: Fingerprint): boolean {
    return this.#fenced(name, epoch, (stored) => {
      stored.parked.set(fact.sequence_number, storableFact(fact));
      this.advance(name, epoch, fingerprint);
    });
  }

  parked(name: string): ParkedFact[] {
    const facts = [...(this.#streams.get(name)?.parked.values() ?? [])];
    return facts.sort((a, b) => (a.sequence_number < b.sequence_number ? -1 : 1));
  }

  unpark(name: string, epoch: bigint, sequenceNumber: bigint): boolean {
    return this.#fenced(name, epoch, (stored) => {
      stored.parked.delete(sequenceNumber);
      if (stored.parked.size === 0) stored.retryParked = false;
    });
  }

  repark(name: string, epoch: bigint, fact: ParkedFact): boolean {
    return this.#fenced(name, epoch, (stored) => {
      stored.parked.set(fact.sequence_number, storableFact(fact));
      stored.retryParked = false;
    });
  }

  activeVersion(name: string): number | null {
    return this.#active.get(name) ?? null;
  }

  activate(name: string, version: number, by: string | null): void {
    this.#active.set(name, version);
    this.#record(name, { verb: `switchTo ${version}`, by, position: null });
  }

  interventions(name: string): RecordedIntervention[] {
    return [...(this.#interventions.get(name) ?? [])];
  }

  #record(name: string, said: Omit<RecordedIntervention, 'at'>): void {
    const recorded = this.#interventions.get(name) ?? [];
    recorded.push({ ...said, by: storableBy(said.by), at: new Date().toISOString() });
    this.#interventions.set(name, recorded);
  }

  #fenced(name: string, epoch: bigint, write: (stored: Stored) => void): boolean {
    const stored = this.#streams.get(name);
    if (stored?.epoch !== epoch) return false;
    write(stored);
    return true;
  }
}

function snapshot({ parked, ...stored }: Stored): StoredStream {
  const times = [...parked.values()].map(({ at }) => at).sort();
  return { ...stored, parkedCount: parked.size, parkedSince: times[0] ?? null };
}
