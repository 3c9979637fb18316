import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  AppendResult,
  FactStore,
  MaybePromise,
  NewEvent,
} from '../../contract/contract.types.js';
import { HandlerTimeoutError, InvalidOptionsError } from '../../contract/errors.js';
import type { FactChecks } from '../../contract/fact-codec.js';
import type { FactStoreLimits } from '../../contract/limits.js';
import { prepareFacts } from '../../contract/validation.js';
import { FOREIGN_FACT, isForeignFact } from '../../facts/fact-map.js';
import type { PostgresAppendOptions } from '../../stores/postgres/append/append-inside.js';
import { codecIn, recordedAppendOf } from '../../streams/store-face.js';
import { isThenable } from '../../support/async/is-thenable.js';

/** How long an append waits for the checks of its facts, in milliseconds. */
const MAX_CHECK_WAIT_MS = 30_000;

/** How an append goes on when its turn comes. */
export interface AppendEntry<R> {
  /** Enters the store. */
  readonly append: (events: NewEvent[]) => R;
  /** What a recorded append answers. */
  readonly answer: (recorded: AppendResult) => Awaited<R>;
  /** Is read first. */
  readonly before?: Promise<unknown>;
}

/**
 * An append takes its place in the order, and its events as they are, when it is called, also where its facts have
 * checks, which may be asynchronous, or where something is to be read for it: later ones wait behind it. Nothing waits
 * where nothing is pending.
 */
export class AppendTurns {
  readonly #store: FactStore;
  readonly #checks: FactChecks | undefined;
  readonly #limits: FactStoreLimits;
  readonly #inside = new AsyncLocalStorage<true>();
  /** Resolves when the newest append that waits has entered the store, or was refused. */
  #last: Promise<void> | undefined;

  constructor(store: FactStore, limits: FactStoreLimits) {
    this.#store = store;
    this.#checks = codecIn(store)?.checks;
    this.#limits = limits;
  }

  /** Whether an append may enter the store at once, by itself. */
  areOpen(events: NewEvent[], options: PostgresAppendOptions | undefined): boolean {
    const waits = this.#last !== undefined && options?.manager === undefined;
    return !waits && !this.#concern(events);
  }

  /**
   * Calls `append` when its turn comes, with events as they were at the call. With a manager it is a part of the
   * application's transaction: it has no place among the others and waits for its own checks only. Where its id and
   * command are recorded, that append answers, and nothing is checked.
   *
   * @throws InvalidFactError, UnregisteredTypeError, HandlerTimeoutError, what a check throws, and what `append` throws
   */
  async run<R>(
    events: NewEvent[],
    options: PostgresAppendOptions | undefined,
    { append, answer, before }: AppendEntry<R>,
  ): Promise<Awaited<R>> {
    const apart = options?.manager !== undefined;
    const concerned = this.#concern(events);
    const turn = apart ? undefined : this.#last;
    if ((concerned || turn !== undefined) && this.#inside.getStore() === true) {
      throw new InvalidOptionsError(
        'A checkAppend appended to the store whose append it checks, which would wait for itself. Decide with store.decide instead.',
      );
    }
    const facts = prepareFacts(events, this.#limits);
    const copies = facts.map(({ event_type, payload }, index) =>
      isForeignFact(events[index]!)
        ? { event_type, payload, [FOREIGN_FACT]: true as const }
        : { event_type, payload },
    );
    let recorded: AppendResult | undefined;
    const check = (found: AppendResult | undefined): unknown => {
      recorded = found;
      if (!concerned || found !== undefined) return undefined;
      return this.#inside.run(true, () => this.#checks!.run(facts, copies));
    };
    const enter = (): Awaited<R> =>
      recorded === undefined ? (append(copies) as Awaited<R>) : answer(recorded);
    const found = concerned ? this.#recorded(options) : undefined;
    const checked = isThenable(found) ? found.then(check) : check(found);
    if (turn === undefined && before === undefined && !isThenable(checked)) return enter();
    const own = isThenable(checked) ? settledInTime(checked, facts[0]!.event_type) : undefined;
    const all = Promise.all([own, before]);
    // It may be refused before its turn comes, and is awaited then only.
    all.catch(() => undefined);
    const ready = turn === undefined ? all : turn.then(() => all);
    if (!apart) this.#keep(ready);
    await ready;
    return enter();
  }

  /** What is no array is refused by the store. */
  #concern(events: NewEvent[]): boolean {
    return this.#checks !== undefined && Array.isArray(events) && this.#checks.concern(events);
  }

  #recorded(options: PostgresAppendOptions | undefined): MaybePromise<AppendResult | undefined> {
    const { appendId, command } = options ?? {};
    if (appendId === undefined || command === undefined) return undefined;
    return recordedAppendOf(this.#store, appendId, command);
  }

  #keep(ready: Promise<unknown>): void {
    const ended = (): void => {
      if (this.#last === turn) this.#last = undefined;
    };
    const turn: Promise<void> = ready.then(ended, ended);
    this.#last = turn;
  }
}

function settledInTime(checked: Promise<unknown>, type: string): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new HandlerTimeoutError(
          `checkAppend of an append that begins with ${JSON.stringify(type)} has not settled for ${MAX_CHECK_WAIT_MS} ms. Nothing was written.`,
        ),
      );
    }, MAX_CHECK_WAIT_MS);
  });
  return Promise.race([checked, late]).finally(() => clearTimeout(timer));
}
