import { randomUUID } from 'node:crypto';
import type {
  CursorStore,
  Fingerprint,
  Intervention,
  LeaseOwner,
  LeaseVersion,
  ParkedFact,
  ProjectionRequest,
  QueryChange,
  RecordedIntervention,
  StoredStream,
  StreamReport,
} from '../../cursors/cursor-store.js';
import { storableBy, storableFact, storableReport } from '../../cursors/cursor-texts.js';
import { requestVerb } from '../../cursors/requests.js';
import {
  advance,
  changeQuery,
  claim,
  earliest,
  endEpoch,
  intervene,
  newStream,
  storedStream,
  unpark,
} from '../../cursors/stream-state.js';
import type { ParkedSet, StreamState } from '../../cursors/stream-state.js';
import { storableText } from '../../support/storable-text.js';

/** By their numbers. */
class ParkedFacts extends Map<bigint, ParkedFact> implements ParkedSet {
  get since(): string | null {
    return earliest(this.values());
  }
}

type Stored = StreamState<ParkedFacts>;

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
    const stored = this.#streams.get(name) ?? newStream(query_text, start, new ParkedFacts());
    this.#streams.set(name, stored);
    return storedStream(stored);
  }

  find(name: string): StoredStream | undefined {
    const stored = this.#streams.get(name);
    return stored && storedStream(stored);
  }

  claim(name: string, seen: LeaseVersion, owner: LeaseOwner): bigint | undefined {
    const stored = this.#streams.get(name);
    return stored && claim(stored, seen, owner);
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
    return this.#fenced(name, epoch, (stored) => advance(stored, fingerprint));
  }

  report(name: string, epoch: bigint, report: StreamReport): boolean {
    return this.#fenced(name, epoch, (stored) => {
      stored.report = storableReport(report);
    });
  }

  changeQuery(name: string, epoch: bigint, change: QueryChange): boolean {
    const stored = this.#streams.get(name);
    return stored?.epoch === epoch && changeQuery(stored, change);
  }

  intervene(name: string, intervention: Intervention): void {
    const stored = this.#streams.get(name);
    if (stored !== undefined) intervene(stored, intervention);
    // Also of a name without a cursor: a projection records where its cursor is kept before there is one.
    const { verb, by, position } = intervention;
    this.#record(name, { verb, by, position: position ?? null });
  }

  ask(name: string, request: ProjectionRequest): void {
    const stored = this.#streams.get(name);
    if (stored !== undefined) endEpoch(stored);
    const { by, position } = request;
    this.#record(name, { verb: requestVerb(request), by, position });
  }

  answer(name: string, epoch: bigint, verb: string, intervention?: Intervention): boolean {
    return this.#fenced(name, epoch, () => {
      if (intervention !== undefined) this.intervene(name, intervention);
      this.#record(name, { verb: storableText(verb), by: null, position: null });
    });
  }

  park(name: string, epoch: bigint, fact: ParkedFact, fingerprint: Fingerprint): boolean {
    return this.#fenced(name, epoch, (stored) => {
      stored.parked.set(fact.sequence_number, storableFact(fact));
      advance(stored, fingerprint);
    });
  }

  parked(name: string): ParkedFact[] {
    const facts = [...(this.#streams.get(name)?.parked.values() ?? [])];
    return facts.sort((a, b) => (a.sequence_number < b.sequence_number ? -1 : 1));
  }

  unpark(name: string, epoch: bigint, sequenceNumber: bigint): boolean {
    return this.#fenced(name, epoch, (stored) => unpark(stored, sequenceNumber));
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
