import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventQuery, FactStore } from '../contract/contract.types.js';
import { isTransient } from './append-retry.js';

/** How long a decision keeps the next one on its context waiting. */
const MAX_TURN_MS = 5_000;

/** Set while a decision is made: a decision inside it would wait for itself. */
const deciding = new AsyncLocalStorage<true>();

/** Whether the caller is a decision. */
export function isInsideDecision(): boolean {
  return deciding.getStore() === true;
}

/** Makes a decision. */
export function insideDecision<C, T>(decision: (context: C) => T, context: C): T {
  return deciding.run(true, decision, context);
}

/** A decision's place in the queue of its context. */
export interface DecisionTurn {
  /** Resolves when the turn begins; absent when it has begun. */
  readonly begins: Promise<void> | undefined;
  /** Begins the next turn, or all waiting ones where `error` says that the database does not answer. */
  end(error?: unknown): void;
}

/**
 * Has the decisions of this process on one context take turns: at once, all but one would be made in vain. Decisions
 * on other contexts do not wait, and correctness does not rest on turns: the append is still conditional. A turn
 * lasts `MAX_TURN_MS` at most, and none is waited for when the database does not answer.
 */
export class DecisionTurns {
  static readonly #ofStores = new WeakMap<FactStore, DecisionTurns>();
  /** The current turns, by context. */
  readonly #current = new Map<string, Turn>();
  /** The current turn while there is only one: its context's text need not be computed. */
  #only: Turn | undefined;

  /** The turns of a store, shared by all services on it. */
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

  /** A place on the context of a query; contexts are equal when their queries are written alike. */
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

  /** Puts `next` in the place of its context's current turn. Returns false where `turn` is no longer that. */
  pass(turn: Turn, next: Turn | undefined): boolean {
    if (this.#only === turn) this.#only = undefined;
    else if (this.#current.get(turn.context) !== turn) return false;
    else if (next === undefined) this.#current.delete(turn.context);
    else this.#current.set(turn.context, next);
    return true;
  }
}

/** The current turn of a context holds the waiting ones, in order. */
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
    // A turn that took too long has been ended before.
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

  /** The timer keeps the process alive, since decisions wait for it. */
  private watch(): void {
    this.timer ??= setTimeout(() => this.end(), MAX_TURN_MS);
  }
}

const NONE: Turn[] = [];

function textOf(query: EventQuery): string {
  try {
    return JSON.stringify(query.filters ?? []);
  } catch {
    // The store refuses the query.
    return 'malformed';
  }
}
