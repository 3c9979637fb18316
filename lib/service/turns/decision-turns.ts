import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventQuery, NewEvent } from '../../contract/contract.types.js';
import { isTransient } from '../append-retry.js';
import { keysOf } from './turn-keys.js';
import type { TurnKey } from './turn-keys.js';
import { MatchedShapes } from './matched-shapes.js';
import { TurnQueue } from './turn-queue.js';

/** How long a decision keeps those after it waiting. */
const MAX_TURN_MS = 5_000;

/** Set while a decision is made: a decision inside it would wait for itself. */
const deciding = new AsyncLocalStorage<true>();

/** Whether the caller is a decision. */
export function isInsideDecision(): boolean {
  return deciding.getStore() === true;
}

/** Makes a decision. */
export function insideDecision<A extends unknown[], T>(
  decision: (...context: A) => T,
  ...context: A
): T {
  return deciding.run(true, decision, ...context);
}

/** A decision's place in the queues of its context's alternatives. */
export interface DecisionTurn {
  /** Resolves when the turn begins; absent when it has begun. */
  readonly begins: Promise<void> | undefined;
  /** Whether alternatives were left out, or the turn took too long: after a conflict it is to be entered anew. */
  readonly isPartial: boolean;
  /** Tells what the decision has appended. */
  appended(events: readonly NewEvent[]): void;
  /** Ends the turn, or gives the place up; `error`: where the database does not answer, all that wait behind it begin. */
  end(error?: unknown): void;
}

/**
 * Has the decisions of this process that share an alternative of their contexts (a type with a predicate) take turns:
 * at once, all but one would be made in vain. Alternatives that the decisions' own facts have not matched lately are
 * left out. A decision enters the queues of all its alternatives at once, and begins when it is the first in each of
 * them: none waits for one that came later. Correctness does not rest on turns: the append is still conditional. A
 * turn lasts `MAX_TURN_MS` at most, and none is waited for when the database does not answer.
 */
export class DecisionTurns {
  /** The turns that were entered and have not ended, by alternative, in order. */
  readonly #queues = new Map<string, TurnQueue<Turn>>();
  readonly #shapes = new MatchedShapes();
  /** The current turn while there is only one: the alternatives of its context need not be computed. */
  #only: Turn | undefined;

  /** How many alternatives are waited for or decided on now. */
  get size(): number {
    return this.#queues.size + (this.#only === undefined ? 0 : 1);
  }

  /** A place behind those that were entered before. `everywhere`: in the queue of each alternative. */
  enter(query: EventQuery, everywhere = false): DecisionTurn {
    const turn = new Turn(this, this.#shapes, query, everywhere);
    if (this.#only === undefined && this.#queues.size === 0) return (this.#only = turn);
    if (this.#only !== undefined) {
      this.#queue(this.#only);
      this.#only = undefined;
    }
    this.#queue(turn);
    return turn;
  }

  /** Takes a turn out of its queues. Returns those whose turn it is then. */
  leave(turn: Turn): Turn[] {
    if (this.#only === turn) this.#only = undefined;
    const led = turn.queues.filter((queue) => queue.first === turn);
    turn.hasEnded = true;
    for (const queue of turn.queues) {
      queue.left();
      if (queue.size === 0) this.#queues.delete(queue.key);
    }
    turn.queues = NONE;
    return led.flatMap(({ first }) => (first?.cameFirst() === true ? [first] : []));
  }

  #queue(turn: Turn): void {
    const before: Turn[] = [];
    turn.queues = turn.keys.map(({ text }) => {
      let queue = this.#queues.get(text);
      if (queue === undefined) this.#queues.set(text, (queue = new TurnQueue(text)));
      else before.push(queue.first!);
      queue.add(turn);
      return queue;
    });
    if (before.length === 0) return;
    turn.wait(before.length);
    for (const other of before) if (other.begins === undefined) other.watch();
  }
}

/** The first turn of each of its queues is on. */
class Turn implements DecisionTurn {
  begins: Promise<void> | undefined;
  hasEnded = false;
  /** Where it stands. */
  queues: readonly TurnQueue<Turn>[] = NONE;
  #begin: (() => void) | undefined;
  /** In how many queues others are before it. */
  #ahead = 0;
  #timer: NodeJS.Timeout | undefined;
  #alternatives: readonly TurnKey[] | undefined;
  #keys: readonly TurnKey[] | undefined;

  constructor(
    private readonly turns: DecisionTurns,
    private readonly shapes: MatchedShapes,
    private readonly query: EventQuery,
    private readonly everywhere: boolean,
  ) {}

  /** The alternatives for which turns are taken. */
  get keys(): readonly TurnKey[] {
    this.#keys ??= this.everywhere
      ? this.#all
      : this.#all.filter(({ shape }) => this.shapes.areMatched(shape));
    return this.#keys;
  }

  get isPartial(): boolean {
    return this.hasEnded || (this.#keys !== undefined && this.#keys.length < this.#all.length);
  }

  get #all(): readonly TurnKey[] {
    return (this.#alternatives ??= keysOf(this.query));
  }

  appended(events: readonly NewEvent[]): void {
    // Alone, only some of the decisions compute their alternatives.
    if (this.#alternatives === undefined && !this.shapes.wants()) return;
    try {
      this.shapes.learn(this.#all, events);
    } catch {
      // A payload may throw when it is read again: it is appended all the same.
    }
  }

  wait(ahead: number): void {
    this.#ahead = ahead;
    this.begins = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  /** It came to be the first of one more queue. Returns whether it is on now. */
  cameFirst(): boolean {
    return --this.#ahead === 0;
  }

  /** The timer keeps the process alive, since decisions wait for it. */
  watch(): void {
    this.#timer ??= setTimeout(() => this.end(), MAX_TURN_MS);
  }

  end(error?: unknown): void {
    if (this.hasEnded) return;
    clearTimeout(this.#timer);
    if (error !== undefined && this.begins === undefined && isTransient(error)) {
      const behind = new Set(this.queues.flatMap(({ members }) => members));
      for (const turn of behind) if (turn !== this) turn.#hurry();
    }
    this.#leave();
  }

  /** Begins without being the first, and holds up none. */
  #hurry(): void {
    if (this.hasEnded) return;
    clearTimeout(this.#timer);
    this.#leave();
    this.#on();
  }

  #leave(): void {
    for (const turn of this.turns.leave(this)) turn.#on();
  }

  #on(): void {
    this.begins = undefined;
    this.#begin?.();
    if (this.queues.some(({ size }) => size > 1)) this.watch();
  }
}

const NONE: readonly never[] = [];
