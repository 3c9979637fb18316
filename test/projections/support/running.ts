import type {
  EventRecord,
  FactStore,
  StreamHandler,
} from '../../../lib/contract/contract.types.js';
import { StorageError } from '../../../lib/contract/errors.js';
import { OwnCalls } from '../../../lib/projections/runner/own-calls.js';
import type { ProjectionCall } from '../../../lib/projections/projection.js';
import { StreamRunner } from '../../../lib/projections/runner/stream-runner.js';
import { describeError } from '../../../lib/support/describe-error.js';
import { settle } from '../../support/waiting/until.js';
import { HeldCall } from '../../support/streams/stepped-cursor-store.js';
import { numbersOf } from './stepped-projection.js';

export const record = (number: number): EventRecord => ({
  sequence_number: BigInt(number),
  occurred_at: '2026-01-01T00:00:00Z',
  event_type: 'x',
  payload: {},
});

/** A projection of a store that has the contract only: its durable stream goes as the test says. */
export class Running {
  readonly calls: string[] = [];
  readonly times: number[] = [];
  readonly told: string[] = [];
  readonly names: unknown[] = [];
  readonly runner: StreamRunner;
  /** What the next registrations fail with. */
  readonly refusals: Error[] = [];
  /** What the next calls of the handler wait for. */
  readonly held: HeldCall[] = [];
  /** What was not handled yet; the next registration replays it. */
  backlog: EventRecord[][] = [];
  handle: (call: ProjectionCall) => unknown = () => undefined;
  /** What the observer does with each word besides. */
  onTold: () => void = () => undefined;
  /** Ends a registration that replays. */
  breakOff: (error: Error) => void = () => undefined;
  subscriptions = 0;
  #deliver: StreamHandler | undefined;

  constructor(timeout = 1_000) {
    const calls = new OwnCalls();
    const query = { filters: [{ event_types: ['x'] }] };
    const store = {
      query: () => ({ event_records: [], current_context_version: null }),
      streamToDurable: async (stream: unknown, asked: unknown, deliver: StreamHandler) => {
        this.names.push([stream, asked]);
        const refusal = this.refusals.shift();
        if (refusal !== undefined) throw refusal;
        this.#deliver = deliver;
        const brokenOff = new Promise<never>((_, reject) => (this.breakOff = reject));
        while (this.backlog.length > 0) {
          const answer = await Promise.race([deliver(this.backlog[0]!), brokenOff]);
          if (answer === false) throw new StorageError('refused');
          this.backlog.shift();
        }
        this.subscriptions++;
        return { unsubscribe: () => void this.subscriptions-- };
      },
    } as unknown as FactStore;
    const retry = { maxAttempts: 3, minDelay: 100, maxDelay: 150 };
    this.runner = new StreamRunner(
      store,
      {
        name: 'p',
        query,
        onFailure: 'pause',
        timeout,
        retry,
        handle: (call) => calls.run(() => this.#call(call)),
      },
      calls,
      {
        failed: (facts, attempt, error) =>
          this.told.push(`failed ${numbersOf(facts)}/${attempt}: ${describeError(error)}`),
        changed: (state, reason, failure) => {
          this.told.push(`${failure ? '! ' : ''}${state}${reason === null ? '' : `: ${reason}`}`);
          this.onTold();
        },
        moved: () => undefined,
        parked: () => undefined,
      },
    );
  }

  async start(): Promise<this> {
    this.runner.start();
    await settle();
    return this;
  }

  say(verb: 'pause' | 'resume', failed: (error: unknown) => void = () => undefined) {
    return this.runner.intervene({ verb, by: null }, { failed });
  }

  /** What the store's stream is answered. */
  deliver(...numbers: number[]): Promise<unknown> {
    return Promise.resolve(this.#deliver!(numbers.map(record)));
  }

  hold(): HeldCall {
    const call = new HeldCall();
    this.held.push(call);
    return call;
  }

  #call(call: ProjectionCall): unknown {
    const replayed = call.replaying ? ' replayed' : '';
    this.calls.push(`${numbersOf(call.facts)}/${call.attempt}${replayed}`);
    this.times.push(performance.now());
    const held = this.held.shift();
    return held === undefined ? this.handle(call) : held.run(() => this.handle(call));
  }
}
