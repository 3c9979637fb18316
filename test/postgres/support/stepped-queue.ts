import type { ContextAppend } from '../../../lib/context-index/terms/context-plan.js';
import type { AppendOutcome } from '../../../lib/contract/append-request.js';
import type { AppendIfResult } from '../../../lib/contract/contract.types.js';
import { AppendQueue } from '../../../lib/stores/postgres/append/append-queue.js';
import type { QueueWork } from '../../../lib/stores/postgres/append/append-queue.js';
import { settle } from '../../support/waiting/until.js';

/** A call that waits for its answer. */
export interface GroupCall {
  /** The members, by their numbers. */
  readonly members: readonly number[];
  readonly commit: () => void;
  readonly fail: (error: unknown) => void;
  readonly answer: (outcomes: readonly AppendOutcome[]) => void;
}

/** A queue whose calls, and look-ups, are answered by hand. */
export class SteppedQueue implements QueueWork {
  readonly queue: AppendQueue;
  readonly calls: GroupCall[] = [];
  /** What became of the appends, in the order in which it was told. */
  readonly told: string[] = [];
  readonly errors = new Map<number, unknown>();
  /** What each look-up waits for. */
  readonly lookUps = new Map<number, Promise<void>>();
  readonly #numbers = new Map<ContextAppend, number>();
  #count = 0;

  constructor({ capacity = 10_000, patience = 60_000 } = {}) {
    this.queue = new AppendQueue(this, capacity, patience);
  }

  /** Adds an append and returns its number, counted from 1. */
  add({ text = '', lookUp }: { text?: string; lookUp?: Promise<void> } = {}): number {
    const number = ++this.#count;
    const fact = { event_type: 'noted', payload: null, payload_text: text };
    const pending: ContextAppend = {
      facts: [fact],
      condition: null,
      appendId: null,
      metadata: null,
    };
    this.#numbers.set(pending, number);
    if (lookUp !== undefined) this.lookUps.set(number, lookUp);
    this.queue.add(pending).then(
      ({ append_result }) => this.told.push(`${number} ${append_result ? 'there' : 'refused'}`),
      (error: unknown) => {
        this.errors.set(number, error);
        this.told.push(`${number} failed`);
      },
    );
    return number;
  }

  addMany(count: number): void {
    for (let n = 0; n < count; n++) this.add();
  }

  prepare(pending: ContextAppend): Promise<void> | undefined {
    return this.lookUps.get(this.#numbers.get(pending)!);
  }

  commit(group: readonly ContextAppend[]): Promise<readonly AppendOutcome[]> {
    return new Promise((resolve, reject) => {
      const members = group.map((pending) => this.#numbers.get(pending)!);
      this.calls.push({
        members,
        commit: () => resolve(members.map((number) => ({ verdict: verdictOf(number) }))),
        fail: reject,
        answer: resolve,
      });
    });
  }

  /** The call that is in flight; none may be beside it. */
  async next(): Promise<GroupCall> {
    await settle();
    const call = this.calls.shift();
    if (call === undefined || this.calls.length > 0) throw new Error('Not one call is in flight.');
    return call;
  }

  /** Commits all that is waiting; returns how large the groups were. */
  async commitAll(): Promise<number[]> {
    const sizes: number[] = [];
    for (await settle(); this.calls.length > 0; await settle()) {
      const call = await this.next();
      sizes.push(call.members.length);
      call.commit();
    }
    return sizes;
  }
}

export function verdictOf(number: number): AppendIfResult {
  const at = BigInt(number);
  return {
    append_result: { first_sequence_number: at, last_sequence_number: at, committed_count: 1n },
    conflict: null,
  };
}

/** Lets go on what waits for no timer, and for nothing outside. */
export async function hops(): Promise<void> {
  for (let hop = 0; hop < 50; hop++) await Promise.resolve();
}
