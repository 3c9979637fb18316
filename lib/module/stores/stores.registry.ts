import { Injectable, Logger } from '@nestjs/common';
import type { FactStore } from '../../contract/contract.types.js';
import { StoreClosedError } from '../../contract/errors.js';
import { within } from '../../support/async/turns.js';
import { worksBehindProxy } from '../../support/behind-proxy.js';
import { describeError } from '../../support/describe-error.js';
import type { FactstrObserver } from '../../service/observation/observer.js';
import { FactstrStore } from '../../service/factstr-store.js';
import type { FactstrOptions } from '../factstr.options.js';
import { messages } from '../messages.js';
import { openStore } from './store.factory.js';
import type { MadeStore } from './store.factory.js';
import { shutdownTimeoutOf } from '../options/shutdown-timeout.js';
import { closeStore } from '../../streams/store-face.js';
import { StoreDefinitions } from './store-definitions.js';

/** A store of this application, open. */
export interface OpenStore {
  readonly name: string;
  readonly options: FactstrOptions;
  readonly service: FactstrStore;
  readonly raw: FactStore;
  readonly owned: boolean;
}

/**
 * The stores of one application: opened by their providers' factories, closed once. Nest calls no shutdown hook
 * when a bootstrap fails, so the first failure closes them all, also a store whose factory finishes later. After the
 * application's own factories a failure is a lazily loaded module's, which closes only the store that it opened.
 */
@Injectable()
export class OpenStores {
  readonly #logger = new Logger('FactstrModule');
  readonly #definitions: StoreDefinitions;
  readonly #open = new Map<string, OpenStore>();
  readonly #given = new AbortController();
  readonly #observers: FactstrObserver[] = [];
  #factoriesPassed = false;

  constructor(definitions: StoreDefinitions) {
    worksBehindProxy(this);
    this.#definitions = definitions;
  }

  /** Opens a store; called by its provider's factory. */
  async open(name: string, options: FactstrOptions): Promise<FactstrStore> {
    try {
      this.#definitions.check();
      this.#definitions.checkScopes(name);
      const made = await openStore(options, this.#logger, this.#given.signal);
      const open: OpenStore = { name, options, service: await serviceOf(made, options), ...made };
      this.#open.set(name, open);
      for (const observer of this.#observers) open.service.observe(observer, name);
      if (this.#given.signal.aborted) {
        await this.closeAll();
        throw new StoreClosedError(messages.closedAgain(name));
      }
      return open.service;
    } catch (error) {
      if (!this.#factoriesPassed) await this.closeAll();
      throw error;
    }
  }

  /** The factories of all modules that the application imports have succeeded. */
  passFactories(): void {
    this.#factoriesPassed = true;
  }

  /** @throws StoreClosedError when the application, or one of its stores, was closed meanwhile */
  assertOpen(): void {
    if (this.#given.signal.aborted) throw new StoreClosedError(messages.applicationClosed);
    const closed = this.all().find(({ service }) => service.closed);
    if (closed !== undefined) {
      throw new StoreClosedError(messages.closedWhileStarting(closed.name));
    }
  }

  /** Has an observer see every store of the application, also those that are opened later. */
  observe(observer: FactstrObserver): void {
    this.#observers.push(observer);
    for (const { name, service } of this.all()) service.observe(observer, name);
  }

  find(name: string): OpenStore | undefined {
    return this.#open.get(name);
  }

  all(): OpenStore[] {
    return [...this.#open.values()];
  }

  /** Closes the stores that the module opened, once. A failure is logged, and the other stores are closed as well. */
  async closeAll(): Promise<void> {
    this.#given.abort();
    const stores = this.all();
    this.#open.clear();
    await Promise.all(
      stores.map(async ({ name, raw, owned, options }) => {
        if (!owned) return;
        try {
          // A store may wait for deliveries that the drain has given up.
          const limit = shutdownTimeoutOf(options);
          // Half of it for deliveries in flight, and half for releasing what they needed.
          if (!(await within(limit, closeStore(raw, limit / 2)))) {
            this.#logger.warn(messages.notClosed(name, limit));
          }
        } catch (error) {
          this.#logger.error(`Closing the store "${name}" failed: ${describeError(error)}`);
        }
      }),
    );
  }
}

/** A store that does not fit the options is closed before this rejects. */
async function serviceOf(
  { raw, owned }: MadeStore,
  options: FactstrOptions,
): Promise<FactstrStore> {
  try {
    // Its schemas the store has already.
    return FactstrStore.of(raw, { ...options, facts: undefined });
  } catch (error) {
    if (owned) await closeStore(raw);
    throw error;
  }
}
