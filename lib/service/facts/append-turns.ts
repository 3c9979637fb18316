import { AsyncLocalStorage } from 'node:async_hooks';
import type { FactStore, NewEvent } from '../../contract/contract.types.js';
import { HandlerTimeoutError, InvalidOptionsError } from '../../contract/errors.js';
import type { FactChecks } from '../../contract/fact-codec.js';
import type { FactStoreLimits } from '../../contract/limits.js';
import { prepareFacts } from '../../contract/validation.js';
import { FOREIGN_FACT, isForeignFact } from '../../facts/fact-map.js';
import type { PostgresAppendOptions } from '../../stores/postgres/append/append-inside.js';
import { codecIn, limitsOf } from '../../streams/store-face.js';
import { isThenable } from '../../support/async/is-thenable.js';

/** How long an append waits for the checks of its facts, in milliseconds. */
const MAX_CHECK_WAIT_MS = 30_000;

/**
 * Where facts have checks, which may be asynchronous: an append takes its place in the order when it is called, and
 * later ones wait behind a pending check. Nothing waits where no check is pending.
 */
export class AppendTurns {
  readonly #checks: FactChecks;
  readonly #limits: FactStoreLimits;
  readonly #inside = new AsyncLocalStorage<true>();
  /** Resolves when the newest append that waits has entered the store, or was refused. */
  #last: Promise<void> | undefined;

  private constructor(checks: FactChecks, limits: FactStoreLimits) {
    this.#checks = checks;
    this.#limits = limits;
  }

  /** `undefined` where the facts of the store have no checks. */
  static of(store: FactStore): AppendTurns | undefined {
    const checks = codecIn(store)?.checks;
    return checks && new AppendTurns(checks, limitsOf(store));
  }

  /**
   * Calls `append` when its turn comes, with events as they were at the call. With a manager it is a part of the
   * application's transaction: it has no place among the others and waits for its own checks only.
   *
   * @throws InvalidFactError, UnregisteredTypeError, HandlerTimeoutError, what a check throws, and what `append` throws
   */
  async run<R>(
    events: NewEvent[],
    options: PostgresAppendOptions | undefined,
    append: (events: NewEvent[]) => R,
  ): Promise<Awaited<R>> {
    const apart = options?.manager !== undefined;
    // What is no array is refused by the store.
    const concerned = Array.isArray(events) && this.#checks.concern(events);
    if (!concerned && (apart || this.#last === undefined)) return append(events) as Awaited<R>;
    if (this.#inside.getStore() === true) {
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
    const checked = concerned
      ? this.#inside.run(true, () => this.#checks.run(facts, copies))
      : undefined;
    const before = apart ? undefined : this.#last;
    if (before === undefined && !isThenable(checked)) return append(copies) as Awaited<R>;
    const own = isThenable(checked) ? settledInTime(checked, facts[0]!.event_type) : undefined;
    // It may be refused before its turn comes, and is awaited then only.
    own?.catch(() => undefined);
    const ready = before === undefined ? own! : before.then(() => own);
    if (!apart) this.#keep(ready);
    await ready;
    return append(copies) as Awaited<R>;
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
