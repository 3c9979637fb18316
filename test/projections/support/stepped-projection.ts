import type { EventQuery, NewEvent } from '../../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../../lib/contract/limits.js';
import { prepareQuery } from '../../../lib/contract/validation.js';
import { PlainCommit } from '../../../lib/projections/delivery/commit.js';
import type { ProjectionCommit } from '../../../lib/projections/delivery/commit.js';
import { LeasedRunner } from '../../../lib/projections/runner/leased-runner.js';
import { OwnCalls } from '../../../lib/projections/runner/own-calls.js';
import type { Projection, ProjectionCall } from '../../../lib/projections/projection.js';
import type { ProjectionState } from '../../../lib/projections/status.js';
import type { Said } from '../../../lib/projections/runner/runner.js';
import type { Intervention, CursorStore } from '../../../lib/cursors/cursor-store.js';
import { LogReader } from '../../../lib/streams/reader/log-reader.js';
import { newOwner } from '../../../lib/cursors/process-identity.js';
import type { RunnerState } from '../../../lib/projections/state.js';
import { FactstrMemoryStore } from '../../../lib/stores/memory/store.js';
import type { MemoryCursorStore } from '../../../lib/stores/memory/cursor-store.js';
import { describeError } from '../../../lib/support/describe-error.js';
import { settle } from '../../support/waiting/until.js';
import { HeldCall, SteppedCursorStore } from '../../support/streams/stepped-cursor-store.js';
import type { StepName } from '../../support/streams/stepped-cursor-store.js';
import { SlowLog } from '../../support/streams/slow-log.js';
import { pass } from '../../support/waiting/stepped-time.js';
import { stranger } from '../../support/streams/owners.js';

/** Of a projection's lease, in milliseconds; it is renewed every 300. */
export const TTL = 900;
/** How often a contender looks; half of it is left to chance. */
export const CLAIM_INTERVAL = 100;

export interface Parts extends Partial<Omit<Projection, 'name' | 'handle'>> {
  /** Makes the effects of a cursor store. Default: plain ones. */
  readonly effects?: (cursorStore: CursorStore) => ProjectionCommit;
}

/** A projection `p` of a memory store whose cursor store, log, handler and time go on as the test says. */
export class SteppedProjection {
  readonly store = new FactstrMemoryStore({ onStreamError: () => undefined });
  readonly log = new SlowLog(this.store.log);
  readonly stepped = new SteppedCursorStore(this.store.log.cursorStore);
  readonly runner: LeasedRunner;
  /** The facts of each call of the handler, and its attempt: `1+2/1`. */
  readonly calls: string[] = [];
  /** When, on the stepped clock. */
  readonly times: number[] = [];
  readonly told: string[] = [];
  /** What the handler does, unless its next call is held. */
  handle: (call: ProjectionCall) => unknown = () => undefined;
  readonly #closed = new AbortController();
  readonly #heldCalls: HeldCall[] = [];
  readonly #held: HeldCall[] = [];

  constructor({ effects, ...parts }: Parts = {}) {
    const calls = new OwnCalls();
    const projection: Projection = {
      name: 'p',
      query: {},
      onFailure: 'pause',
      timeout: 30_000,
      retry: { maxAttempts: 3, minDelay: 100, maxDelay: 1_000 },
      ...parts,
      handle: (call) => calls.run(() => this.#call(call)),
    };
    const { cursorStore } = this.stepped;
    const lease = { owner: newOwner(), ttl: TTL, claimInterval: CLAIM_INTERVAL };
    const source = {
      head: () => this.log.head(),
      readBatches: (after: bigint, limit: number) => this.log.readBatches(after, limit),
      readPage: (after: bigint, limit: number) => this.log.readPage(after, limit),
      onCommit: (wake: (first?: bigint) => void) => this.log.onCommit(wake),
      cursorStore,
    };
    this.runner = new LeasedRunner(
      { source, reader: new LogReader(source), closed: this.#closed.signal },
      projection,
      prepareQuery(projection.query, DEFAULT_LIMITS),
      effects?.(cursorStore) ??
        new PlainCommit(cursorStore, lease, projection.startFrom !== undefined),
      calls,
      lease,
      {
        failed: (facts, attempt, error) =>
          this.told.push(`failed ${numbersOf(facts)}/${attempt}: ${describeError(error)}`),
        changed: (state, reason, failure) =>
          this.told.push(`${failure ? '! ' : ''}${state}${reason === null ? '' : `: ${reason}`}`),
        moved: (what) => this.told.push(what),
        accepted: (what) => this.told.push(`accepted: ${what}`),
        parked: (number, error) => this.told.push(`parked ${number}: ${error}`),
      },
    );
  }

  /** The cursor store itself, without steps. */
  get cursorStore(): MemoryCursorStore {
    return this.stepped.present as MemoryCursorStore;
  }

  get state(): RunnerState {
    return this.runner.state;
  }

  get stored() {
    return this.cursorStore.find('p');
  }

  /** Starts it, and lets it come as far as it comes without time. */
  async start(): Promise<this> {
    this.runner.start();
    await settle();
    return this;
  }

  /** One batch of facts of these types. */
  async append(...types: string[]): Promise<void> {
    this.store.append(types.map((event_type): NewEvent => ({ event_type, payload: {} })));
    await settle();
  }

  /** The next call of the handler that is not held yet; it ends as the test says. */
  holdCall(): HeldCall {
    const call = new HeldCall();
    this.#heldCalls.push(call);
    this.#held.push(call);
    return call;
  }

  /** The cursor store's next call of that step. */
  hold(name: StepName): HeldCall {
    const call = this.stepped.hold(name);
    this.#held.push(call);
    return call;
  }

  say(verb: Intervention['verb'], position?: bigint, said?: Said): Promise<void> {
    const by = 'test';
    return this.runner.intervene(
      { verb, by, ...(position === undefined ? {} : { position }) },
      said,
    );
  }

  /** Another process takes the lease, as after a pause of this one. */
  takeOver(): void {
    this.cursorStore.claim('p', this.stored!, stranger('other'));
  }

  /** Ends the store under it. */
  close(): void {
    this.#closed.abort();
  }

  /** Lets as much time pass as it takes, but not for ever. */
  async reaches(state: string): Promise<void> {
    await passUntil(
      () => this.state.is(state as ProjectionState),
      () => `${state}; told: ${this.told.join(', ')}`,
    );
  }

  async called(count: number): Promise<void> {
    await passUntil(
      () => this.calls.length >= count,
      () => `${count} calls; there were ${this.calls.join(', ')}`,
    );
  }

  /** Leaves nothing behind, whatever is held. */
  async end(): Promise<void> {
    this.stepped.broken.clear();
    this.log.broken = undefined;
    for (const gate of this.log.gates.splice(0)) gate.open();
    for (const call of this.#held) void call.answer();
    this.handle = () => undefined;
    let ended = false;
    void this.runner.stop().finally(() => (ended = true));
    await passUntil(
      () => ended,
      () => `the end of ${this.calls.join(', ')}; told: ${this.told.join(', ')}`,
    );
    await this.store.close();
  }

  #call(call: ProjectionCall): unknown {
    this.calls.push(`${numbersOf(call.facts)}/${call.attempt}`);
    this.times.push(performance.now());
    const held = this.#heldCalls.shift();
    return held === undefined ? this.handle(call) : held.run(() => this.handle(call));
  }
}

export function numbersOf(facts: readonly { readonly sequence_number: bigint }[]): string {
  return facts.map(({ sequence_number }) => String(sequence_number)).join('+');
}

export function ofTypes(...event_types: string[]): EventQuery {
  return { filters: [{ event_types }] };
}

/** Makes stepped projections, and ends them after each test. */
export class SteppedProjections {
  readonly #made: SteppedProjection[] = [];

  make(parts?: Parts): SteppedProjection {
    const projection = new SteppedProjection(parts);
    this.#made.push(projection);
    return projection;
  }

  async end(): Promise<void> {
    await Promise.all(this.#made.splice(0).map((projection) => projection.end()));
  }
}

/** Steps the time until it is so. */
export async function passUntil(isSo: () => boolean, what: () => string): Promise<void> {
  await settle();
  for (let steps = 0; !isSo(); steps++) {
    if (steps === 1_000) throw new Error(`Time passed in vain for ${what()}`);
    await pass(10);
  }
}
