import { Injectable } from '@nestjs/common';
import { InvalidOptionsError } from '../contract/errors.js';
import type { ProjectionStatus } from '../projections/projection-status.js';
import type { LiveHandler, LiveHandlerStatus } from './live-handler.js';
import type { RegisteredProjection } from './registered-projection.js';
import { DEFAULT_STORE } from './factstr.tokens.js';

/** @publicApi */
export interface ProjectionSelector {
  /** The store's name. Default: the one without a name. */
  store?: string;
}

/**
 * The handle on what runs in this process: `@DurableProjection` and `@OnFacts` methods.
 *
 * @publicApi
 */
@Injectable()
export class FactstrProjections {
  readonly #projections: RegisteredProjection[] = [];
  readonly #liveHandlers: LiveHandler[] = [];

  /** Every registered projection; those of one store when it is named. */
  async list(selector?: ProjectionSelector): Promise<ProjectionStatus[]> {
    const selected = this.#projections.filter(
      ({ storeName }) => selector?.store === undefined || storeName === selector.store,
    );
    return Promise.all(selected.map((projection) => projection.status()));
  }

  /** @throws InvalidOptionsError when no such projection is registered */
  async status(name: string, selector: ProjectionSelector = {}): Promise<ProjectionStatus> {
    return this.#find(name, selector).status();
  }

  /** The registered live handlers. */
  liveHandlers(): LiveHandlerStatus[] {
    return this.#liveHandlers.map((handler) => handler.status);
  }

  /**
   * Ends deliveries to a projection in this process until `resume`. Resolves when the facts in flight are done.
   *
   * @throws InvalidOptionsError when no such projection is registered
   */
  async pause(name: string, selector: ProjectionSelector = {}): Promise<void> {
    await this.#find(name, selector).runner.pause('paused by the application');
  }

  /**
   * Lets a paused or stopped projection go on from its cursor.
   *
   * @throws InvalidOptionsError when no such projection is registered
   */
  async resume(name: string, selector: ProjectionSelector = {}): Promise<void> {
    this.#find(name, selector).runner.start();
  }

  /**
   * Starts the handlers that the option `handlers` left out; those that run are not affected. Resolves when the
   * live ones are registered.
   */
  async start(kinds: { live?: boolean; durable?: boolean } = {}): Promise<void> {
    const { live = true, durable = true } = kinds;
    if (live) await Promise.all(this.#liveHandlers.map((handler) => handler.start()));
    if (durable) {
      for (const { runner } of this.#projections)
        if (runner.status.state === 'idle') runner.start();
    }
  }

  /** @internal */
  add(projections: readonly RegisteredProjection[], liveHandlers: readonly LiveHandler[]): void {
    this.#projections.push(...projections);
    this.#liveHandlers.push(...liveHandlers);
  }

  /** Ends everything; each entry resolves when its handler is done. @internal */
  stopAll(): { label: string; done: Promise<void> }[] {
    return [
      ...this.#liveHandlers.map((handler) => ({ label: handler.label, done: handler.stop() })),
      ...this.#projections.map(({ label, runner }) => ({ label, done: runner.stop() })),
    ];
  }

  #find(name: string, { store = DEFAULT_STORE }: ProjectionSelector): RegisteredProjection {
    const found = this.#projections.find(
      (projection) => projection.name === name && projection.storeName === store,
    );
    if (found === undefined) {
      const known = this.#projections.map((projection) => `"${projection.name}"`).join(', ');
      throw new InvalidOptionsError(
        `No projection "${name}" of store "${store}" is registered (registered: ${known || 'none'}).`,
      );
    }
    return found;
  }
}
