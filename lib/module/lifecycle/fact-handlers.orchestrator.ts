import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import { describeError } from '../../support/describe-error.js';
import { TRANSACTIONAL_COMMITS } from '../../projections/transactional/transactional-commits.js';
import type { TransactionalCommits } from '../../projections/transactional/transactional-commits.js';
import { within } from '../../support/async/turns.js';
import { worksBehindProxy } from '../../support/behind-proxy.js';
import { FactHandlersRegistrar } from './fact-handlers.registrar.js';
import { HandlersRegistry } from './handlers.registry.js';
import { LateHandlersWatch } from './late-handlers-watch.js';
import { messages } from '../messages.js';
import { OpenStores } from '../stores/stores.registry.js';
import { shutdownTimeoutOf } from '../options/shutdown-timeout.js';
import { SignalWatch } from './signal-watch.js';
import { StoreDefinitions } from '../stores/store-definitions.js';

/**
 * Starts the handlers at bootstrap and drains them at shutdown. Live handlers are registered before any other
 * module's `onApplicationBootstrap`; replays run on after it. While handlers drain, appends still work; the
 * stores close last. Every hook may be called again, as in hybrid applications, and without a bootstrap.
 */
@Injectable()
export class FactHandlersOrchestrator
  implements
    OnModuleInit,
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  readonly #logger = new Logger('FactstrModule');
  readonly #registrar: FactHandlersRegistrar;
  readonly #definitions: StoreDefinitions;
  readonly #stores: OpenStores;
  readonly #registry: HandlersRegistry;
  readonly #late: LateHandlersWatch;
  readonly #transactions: TransactionalCommits | undefined;
  readonly #signals = new SignalWatch(this.#logger);
  #bootstrapped: Promise<void> | undefined;
  #drained: Promise<void> | undefined;

  constructor(
    registrar: FactHandlersRegistrar,
    definitions: StoreDefinitions,
    stores: OpenStores,
    registry: HandlersRegistry,
    late: LateHandlersWatch,
    @Optional() @Inject(TRANSACTIONAL_COMMITS) transactions?: TransactionalCommits,
  ) {
    worksBehindProxy(this);
    this.#registrar = registrar;
    this.#definitions = definitions;
    this.#stores = stores;
    this.#registry = registry;
    this.#late = late;
    this.#transactions = transactions;
  }

  onModuleInit(): void {
    this.#stores.passFactories();
  }

  async onApplicationBootstrap(): Promise<void> {
    await (this.#bootstrapped ??= this.#bootstrap());
    // An application that was shut down since does not start again.
    if (this.#drained !== undefined) this.#stores.assertOpen();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#drain();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#drain();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#drain();
    await this.#close();
  }

  async #bootstrap(): Promise<void> {
    try {
      this.#stores.assertOpen();
      this.#definitions.check();
      this.#definitions.checkScopes();
      await this.#registrar.register();
      this.#signals.start();
      this.#late.start();
    } catch (error) {
      // Nest calls no shutdown hook for a bootstrap that failed. A failure of the cleanup must not hide why.
      try {
        await this.#drain();
        await this.#close();
      } catch (failure) {
        this.#logger.error(describeError(failure));
      }
      throw error;
    }
  }

  async #close(): Promise<void> {
    try {
      await this.#transactions?.close();
    } finally {
      await this.#stores.closeAll();
    }
  }

  /** Bounded by the longest `shutdownTimeout` of the stores. */
  #drain(): Promise<void> {
    return (this.#drained ??= this.#drainOnce());
  }

  async #drainOnce(): Promise<void> {
    this.#signals.stop();
    this.#late.stop();
    this.#registrar.end();
    const timeout = Math.max(
      0,
      ...this.#stores.all().map(({ options }) => shutdownTimeoutOf(options)),
    );
    const pending = new Map<Promise<void>, string>();
    for (const { label, done } of this.#registry.stopAll()) {
      pending.set(done, label);
      const settled = (): boolean => pending.delete(done);
      done.then(settled, settled);
    }
    if (pending.size === 0) return;
    await within(timeout, Promise.allSettled(pending.keys()));
    if (pending.size > 0) this.#logger.warn(messages.notDrained([...pending.values()], timeout));
  }
}
