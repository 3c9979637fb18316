import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventQuery, FactStore } from '../contract/contract.types.js';
import { isTransient } from './append-retry.js';

/** How long a decision keeps others of its context waiting, in milliseconds. */
const MAX_TURN = 5_000;

/** Set while a decision is made: another one that is made inside it would wait for itself. */
const deciding = new AsyncLocalStorage<true>();

/** Whether the caller is a decision. */
export function isInsideDecision(): boolean {
  return deciding.getStore() === true;
}

/** Makes a decision. */
export function insideDecision<C, T>(decision: (context: C) => T, context: C): T {
  return deciding.run(true, decision, context);
}

/** A decision's place among those on its context. */
export interface DecisionTurn {
  /** Resolves when it is its turn; absent when that is now. */
  readonly begins: Promise<void> | undefined;
  /** Lets the next one go, or all of them after an error that says that the database does not answer. */
  end(error?: unknown): void;
}

/**
 * Has the decisions of this process on one context take turns: at once, all but one would be made in vain. Those on
 * other contexts are not held up, and correctness does not rest on it: an append is still conditional. None is
 * waited for longer than `MAX_TURN`, nor when the database does not answer.
 */
export class DecisionTurns {
  static readonly #ofStores = new WeakMap<FactStore, DecisionTurns>();
  /** Those that are being made, by context. */
  readonly #current = new Map<string, Turn>();
  /** The only one, whose context need not be known. */
  #only: Turn | undefined;

  /** Those of a store, whichever service decides on it. */
  static of(store: FactStore): DecisionTurns {
    const known = this.#ofStores.get(store);
    if (known !== undefined) return known;
    const turns = new DecisionTurns();
    this.#ofStores.set(store, turns);
    return turns;
  }

  /** How many contexts are decided on now. */
  get size(): number {
    return this.#current.size + (this.#only === undefined ? 0 : 1);
  }

  /** A place on the context of a query; contexts are the same when their queries are written alike. */
  enter(query: EventQuery): DecisionTurn {
    const turn = new Turn(this, query);
    if (this.#only === undefined && this.#current.size === 0) return (this.#only = turn);
    if (this.#only !== undefined) {
      this.#current.set(this.#only.context, this.#only);
      this.#only = undefined;
    }
    const current = this.#current.get(turn.context);
    if (current === undefined) this.#current.set(turn.context, turn);
    else current.keepWaiting(turn);
    return turn;
  }

  /** Whether a turn was the current one of its context, in whose place the next comes. */
  pass(turn: Turn, next: Turn | undefined): boolean {
    if (this.#only === turn) this.#only = undefined;
    else if (this.#current.get(turn.context) !== turn) return false;
    else if (next === undefined) this.#current.delete(turn.context);
    else this.#current.set(turn.context, next);
    return true;
  }
}

/** One of each context is the current one, and has those that wait, in order. */
class Turn implements DecisionTurn {
  begins: Promise<void> | undefined;
  private begin: (() => void) | undefined;
  private waiting: Turn[] = NONE;
  private timer: NodeJS.Timeout | undefined;
  private text: string | undefined;

  constructor(
    private readonly turns: DecisionTurns,
    private readonly query: EventQuery,
  ) {}

  get context(): string {
    return (this.text ??= textOf(this.query));
  }

  keepWaiting(turn: Turn): void {
    turn.begins = new Promise((resolve) => {
      turn.begin = resolve;
    });
    if (this.waiting === NONE) this.waiting = [];
    this.waiting.push(turn);
    this.watch();
  }

  end(error?: unknown): void {
    clearTimeout(this.timer);
    const { waiting } = this;
    const next = error !== undefined && isTransient(error) ? undefined : waiting[0];
    // One that took too long was ended before.
    if (!this.turns.pass(this, next) || waiting.length === 0) return;
    if (next === undefined) {
      for (const turn of waiting) turn.begin!();
      return;
    }
    waiting.shift();
    next.waiting = waiting;
    if (waiting.length > 0) next.watch();
    next.begin!();
  }

  /** By a timer that keeps the process alive: others wait for it. */
  private watch(): void {
    this.timer ??= setTimeout(() => this.end(), MAX_TURN);
  }
}

const NONE: Turn[] = [];

function textOf(query: EventQuery): string {
  try {
    return JSON.stringify(query.filters ?? []);
  } catch {
    // The store says what is wrong with it.
    return 'malformed';
  }
}
