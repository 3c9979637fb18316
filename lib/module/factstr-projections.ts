import { Injectable, Logger } from '@nestjs/common';
import { WaitTimeoutError } from '../contract/errors.js';
import type { ProjectionStatus } from '../projections/status.js';
import type { Intervention, ParkedFact, RecordedIntervention } from '../cursors/cursor-store.js';
import { unlessAborted } from '../support/async/unless-aborted.js';
import { until } from '../support/async/until.js';
import type { Timing } from '../support/async/until.js';
import { describeError, stackOf } from '../support/describe-error.js';
import { ActiveVersions } from './projections/active-versions.js';
import { drained, positionFrom, settled } from './waits.js';
import { messages } from './messages.js';
import { worksBehindProxy } from '../support/behind-proxy.js';
import { FactHandlersRegistrar } from './lifecycle/fact-handlers.registrar.js';
import { findProjection } from './find-projection.js';
import { HandlersRegistry } from './lifecycle/handlers.registry.js';
import type { LiveHandler, LiveHandlerStatus } from './handlers/live-handler.js';
import type { RegisteredProjection } from './projections/registered-projection.js';
import type {
  DrainedOptions,
  ProjectionSelector,
  VerbOptions,
  WaitForOptions,
} from './projections/verb-options.js';
import {
  SELECTOR,
  checkBigint,
  checkSequenceNumber,
  checkVerbOptions,
  checkVersion,
} from './projections/verb-arguments.js';

/**
 * The handle on the application's `@DurableProjection`s and `@OnFacts` methods. Its verbs work from every process
 * that registers the projection, whichever runs it; each is recorded and logged. Awaited inside a call of that
 * projection's own handler (or its `onReset`) a verb resolves once its arguments are checked, and takes effect when
 * the call has ended and its success is stored.
 *
 * @publicApi
 */
@Injectable()
export class FactstrProjections {
  readonly #logger = new Logger('FactstrProjections');
  readonly #projections: readonly RegisteredProjection[];
  readonly #liveHandlers: readonly LiveHandler[];
  readonly #registrar: FactHandlersRegistrar;
  readonly #active = new ActiveVersions();

  /** @internal */
  constructor(registry: HandlersRegistry, registrar: FactHandlersRegistrar) {
    worksBehindProxy(this);
    this.#projections = registry.projections;
    this.#liveHandlers = registry.liveHandlers;
    this.#registrar = registrar;
  }

  /** The status of every registered projection, or of the named store's. */
  async list(selector: Pick<ProjectionSelector, 'store'> = {}): Promise<ProjectionStatus[]> {
    checkVerbOptions(selector, ['store']);
    return this.#list(selector);
  }

  async #list(selector: Pick<ProjectionSelector, 'store'> = {}): Promise<ProjectionStatus[]> {
    const selected = this.#projections.filter(
      ({ storeName }) => selector.store === undefined || storeName === selector.store,
    );
    const actives = new Map<string, Promise<number>>();
    return Promise.all(
      selected.map(async (projection) => {
        const { storeName, name, version } = projection;
        const key = JSON.stringify([storeName, name]);
        const active = actives.get(key) ?? this.#active.told(this.#versions(projection));
        actives.set(key, active);
        return projection.status((await active) === version);
      }),
    );
  }

  /** @throws InvalidOptionsError when no such projection is registered, as for every verb */
  async status(name: string, selector: ProjectionSelector = {}): Promise<ProjectionStatus> {
    checkVerbOptions(selector, SELECTOR);
    return this.#status(this.#find(name, selector));
  }

  /** The registered live handlers. */
  liveHandlers(): LiveHandlerStatus[] {
    return this.#liveHandlers.map((handler) => handler.status);
  }

  /** Ends deliveries until `resume`, in every process and over restarts. What is in flight here is finished first. */
  async pause(name: string, options: VerbOptions = {}): Promise<void> {
    await this.#say(name, 'pause', options);
  }

  /** Lets a paused projection go on from its cursor. */
  async resume(name: string, options: VerbOptions = {}): Promise<void> {
    await this.#say(name, 'resume', options);
  }

  /**
   * Puts the cursor after the fact `to` (0n: to the beginning) and takes the projection's present query. Parked
   * facts are forgotten. The read model stays as it is; see `rebuild`.
   */
  async reset(name: string, to: bigint, options: VerbOptions = {}): Promise<void> {
    checkBigint(to, 'The position of a reset');
    await this.#say(name, 'reset', options, to);
  }

  /**
   * Starts over: calls the class's `onReset(manager)`, where it has one, to clear the read model, and puts the
   * cursor to the beginning; in transactional mode both in one transaction.
   */
  async rebuild(name: string, options: VerbOptions = {}): Promise<void> {
    await this.#say(name, 'rebuild', options, 0n);
  }

  /** Has the parked facts handled again, in order, before newer ones. One that fails again stays parked, with those behind it. */
  async retryParked(name: string, options: VerbOptions = {}): Promise<void> {
    await this.#say(name, 'retryParked', options);
  }

  /** Forgets the parked facts. */
  async discardParked(name: string, options: VerbOptions = {}): Promise<void> {
    await this.#say(name, 'discardParked', options);
  }

  /**
   * Has reads use another version, in every process and over restarts: see `activeVersion`. Both versions run on,
   * until one is taken out of the code.
   *
   * @throws ProjectionBehindError when that version has not reached the head as it is now; `force` skips the check
   */
  async switchTo(
    name: string,
    version: number,
    options: Omit<VerbOptions, 'version'> & { force?: boolean | undefined } = {},
  ): Promise<void> {
    checkVersion(version);
    checkVerbOptions(options, ['store', 'by', 'force']);
    const { by = null, force = false } = options;
    const projection = this.#find(name, { ...options, version });
    const changed = await this.#active.switchTo(projection, { by, force });
    if (changed) this.#log(`switchTo version ${version} of projection "${name}"`, by);
  }

  /**
   * The version that reads are to use: the one that was switched to last, by whichever process; else the lowest
   * registered one. Ask at each read, or as often as a switch is to show.
   */
  async activeVersion(
    name: string,
    selector: Pick<ProjectionSelector, 'store'> = {},
  ): Promise<number> {
    checkVerbOptions(selector, ['store']);
    return this.#active.read(this.#versions(this.#find(name, selector)));
  }

  /** The parked facts, in order. */
  async parked(name: string, selector: ProjectionSelector = {}): Promise<ParkedFact[]> {
    checkVerbOptions(selector, SELECTOR);
    return this.#find(name, selector).runner.parked();
  }

  /** The recorded interventions, oldest first: verbs above, pauses after `maxAttempts`, moves of the cursor's place. */
  async interventions(
    name: string,
    selector: ProjectionSelector = {},
  ): Promise<RecordedIntervention[]> {
    checkVerbOptions(selector, SELECTOR);
    return this.#find(name, selector).interventions();
  }

  /**
   * Resolves when the projection's cursor has reached a fact: what an append returned is in the read model. The
   * position that it has reached is that fact's number, or a later one.
   *
   * @throws WaitTimeoutError, what `signal` aborts with, StoreClosedError when the application ends before
   */
  async waitFor(
    name: string,
    sequenceNumber: bigint,
    options: WaitForOptions = {},
  ): Promise<bigint> {
    checkSequenceNumber(sequenceNumber, 'What is waited for');
    checkVerbOptions(options, [...SELECTOR, 'timeout', 'signal']);
    const projection = this.#find(name, options);
    const { timeout = 5_000, signal } = options;
    let position: bigint | undefined;
    const isThere = async (): Promise<boolean> => {
      position = await positionFrom(projection, sequenceNumber);
      return position !== undefined;
    };
    await unlessAborted(signal, () => until(isThere, timeout, undefined, signal));
    if (position !== undefined) return position;
    const status = await this.#status(projection);
    throw new WaitTimeoutError(messages.notReached(status, sequenceNumber, timeout));
  }

  /**
   * For tests: resolves when every registered projection, or those of the given names, has reached the head as it is
   * now. On a store with the contract only: the newest fact of its query. `timeout` in milliseconds, default 5,000.
   *
   * @throws WaitTimeoutError that tells of each one that has not: where it is, its state and its last error
   */
  async drained(options: DrainedOptions = {}): Promise<void> {
    await this.drainedBy(undefined, options);
  }

  /** As `drained`, with a clock and timers of the caller's. @internal */
  async drainedBy(timing: Timing | undefined, options: DrainedOptions): Promise<void> {
    checkVerbOptions(options, ['timeout', 'names']);
    await drained(this.#named(options.names), options, timing);
  }

  /**
   * Resolves when no handler of this application, live or durable, has anything left to do, what they append
   * included.
   *
   * @internal
   */
  async settledBy(timing: Timing, options: Pick<DrainedOptions, 'timeout'>): Promise<void> {
    checkVerbOptions(options, ['timeout']);
    const live = this.#liveHandlers.filter(({ status }) => status.running);
    await settled([...this.#projections, ...live], options, timing);
  }

  /**
   * Starts the handlers that the option `handlers` left out, and finds those of modules that were loaded lazily
   * after the bootstrap; running handlers are not affected. Resolves when the live ones are registered.
   *
   * @throws InvalidOptionsError for a found handler that could not work, as at bootstrap
   */
  async start(
    kinds: { live?: boolean | undefined; durable?: boolean | undefined } = {},
  ): Promise<void> {
    checkVerbOptions(kinds, ['live', 'durable']);
    const { live = true, durable = true } = kinds;
    await this.#registrar.register();
    if (live) await Promise.all(this.#liveHandlers.map((handler) => handler.start()));
    if (durable) for (const { runner } of this.#projections) runner.start();
  }

  async #say(
    name: string,
    verb: Intervention['verb'],
    options: VerbOptions,
    position?: bigint,
  ): Promise<void> {
    checkVerbOptions(options, [...SELECTOR, 'by']);
    const projection = this.#find(name, options);
    const { by = null } = options;
    const intervention = { verb, by, ...(position === undefined ? {} : { position }) };
    const onReset =
      verb === 'rebuild' ? (manager: unknown) => projection.reset(manager) : undefined;
    const what = `${verb} of projection "${name}"${position === undefined ? '' : ` to ${position}`}`;
    await projection.runner.intervene(intervention, {
      ...(onReset === undefined ? {} : { onReset }),
      failed: (error) =>
        this.#logger.error(
          `The ${what}, which its own handler asked for, failed: ${describeError(error)}`,
          stackOf(error),
        ),
    });
    this.#log(what, by);
  }

  #log(what: string, by: string | null): void {
    this.#logger.log(by === null ? what : `${what}, by ${by}`);
  }

  async #status(projection: RegisteredProjection): Promise<ProjectionStatus> {
    const active = await this.#active.told(this.#versions(projection));
    return projection.status(active === projection.version);
  }

  /** @internal */
  get registered(): readonly RegisteredProjection[] {
    return this.#projections;
  }

  /** @throws InvalidOptionsError when no such projection is registered @internal */
  find(name: string, selector: ProjectionSelector): RegisteredProjection {
    checkVerbOptions(selector, SELECTOR);
    return this.#find(name, selector);
  }

  /** All projections, or every version of each name. */
  #named(names: string | readonly string[] | undefined): readonly RegisteredProjection[] {
    if (names === undefined) return this.#projections;
    return [names].flat().flatMap((name) => {
      const found = this.#projections.filter((projection) => projection.name === name);
      return found.length > 0 ? found : this.#find(name, {});
    });
  }

  /** The registered versions of the projection's name. */
  #versions({ storeName, name }: RegisteredProjection): RegisteredProjection[] {
    return this.#projections.filter(
      (projection) => projection.storeName === storeName && projection.name === name,
    );
  }

  #find(name: string, selector: ProjectionSelector): RegisteredProjection {
    return findProjection(this.#projections, name, selector);
  }
}
