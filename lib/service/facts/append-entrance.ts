import { isPromise } from 'node:util/types';
import { committed } from '../../contract/append-request.js';
import type {
  AppendIfResult,
  AppendResult,
  EventQuery,
  FactStore,
  MaybePromise,
  NewEvent,
  StorePromises,
} from '../../contract/contract.types.js';
import type { FactStoreLimits } from '../../contract/limits.js';
import { prepareQuery } from '../../contract/validation.js';
import type { PostgresAppendOptions } from '../../stores/postgres/append/append-inside.js';
import { limitsOf } from '../../streams/store-face.js';
import type { AppendRetry } from '../append-retry.js';
import { AppendTurns } from './append-turns.js';

type Options = PostgresAppendOptions | undefined;

/** The way of a service's appends into the store: in their turn, where they have to wait, and repeated by their ids. */
export class AppendEntrance {
  readonly #face: StorePromises;
  readonly #retry: AppendRetry;
  readonly #limits: FactStoreLimits;
  readonly #turns: AppendTurns;

  constructor(raw: FactStore, face: StorePromises, retry: AppendRetry) {
    this.#face = face;
    this.#retry = retry;
    this.#limits = limitsOf(raw);
    this.#turns = new AppendTurns(raw, this.#limits);
  }

  append(
    events: NewEvent[],
    options: Options,
    completed: MaybePromise<Options>,
  ): Promise<AppendResult> {
    return this.#enter(
      events,
      options,
      completed,
      (given, named) => this.#retry.run(() => this.#face.append(given, named), named),
      (recorded) => recorded,
    );
  }

  appendIf(
    events: NewEvent[],
    query: EventQuery,
    version: bigint | null | undefined,
    options: Options,
    completed: MaybePromise<Options>,
  ): Promise<AppendIfResult> {
    let asked = query;
    return this.#enter(
      events,
      options,
      completed,
      (given, named) =>
        this.#retry.run(() => this.#face.appendIf(given, asked, version, named), named),
      committed,
      // It may be changed before its turn comes.
      () => (asked = prepareQuery(query, this.#limits) as EventQuery),
    );
  }

  /**
   * Has an append enter the store, with its `completed` options: at once, or in its turn, where something is to be
   * checked or read first. `waits` is called at the call where it waits.
   */
  #enter<R>(
    events: NewEvent[],
    options: Options,
    completed: MaybePromise<Options>,
    append: (events: NewEvent[], options: Options) => Promise<R>,
    answer: (recorded: AppendResult) => Awaited<R>,
    waits?: () => void,
  ): Promise<Awaited<R>> {
    let given: Options;
    let before: Promise<unknown> | undefined;
    if (isPromise(completed)) {
      before = completed.then((read) => (given = read));
      // Where the events are refused first it is not awaited.
      before.catch(() => undefined);
    } else given = completed;
    if (before === undefined && this.#turns.areOpen(events, given)) {
      return append(events, this.#retry.withId(given)) as Promise<Awaited<R>>;
    }
    waits?.();
    return this.#turns.run<Promise<R>>(events, options, {
      append: (copies) => append(copies, this.#retry.withId(given)),
      answer,
      ...(before && { before }),
    });
  }
}
