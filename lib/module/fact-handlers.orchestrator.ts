import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
} from '@nestjs/common';
import { InvalidOptionsError } from '../contract/errors.js';
import type { Effects } from '../projections/effects.js';
import { TRANSACTIONAL_EFFECTS } from '../projections/transactional-effects.js';
import type { TransactionalEffects } from '../projections/transactional-effects.js';
import { FactHandlersExplorer } from './fact-handlers.explorer.js';
import type { FactHandler } from './fact-handlers.explorer.js';
import { DEFAULT_STORE } from './factstr.tokens.js';
import { FactstrProjections } from './factstr-projections.js';
import { checkHandlers, checkProjectionNames } from './handler-checks.js';
import type { DurableMetadata } from './handler-metadata.js';
import { LiveHandler } from './live-handler.js';
import { messages } from './messages.js';
import { OpenStores } from './open-stores.js';
import type { OpenStore } from './open-stores.js';
import { RegisteredProjection, cursorName } from './registered-projection.js';
import { shutdownTimeoutOf, within } from './shutdown-timeout.js';
import { SignalWatch } from './signal-watch.js';
import { StoreDefinitions } from './store-definitions.js';

/**
 * Starts the handlers at bootstrap and drains them at shutdown. Live handlers are registered before any other
 * module's `onApplicationBootstrap`; replays run on after it. While handlers drain, appends still work; the
 * stores close last. Every hook may be called again, and without a bootstrap.
 */
@Injectable()
export class FactHandlersOrchestrator
  implements
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  readonly #logger = new Logger('FactstrModule');
  readonly #explorer: FactHandlersExplorer;
  readonly #definitions: StoreDefinitions;
  readonly #stores: OpenStores;
  readonly #projections: FactstrProjections;
  readonly #transactions: TransactionalEffects | undefined;
  readonly #signals = new SignalWatch(this.#logger);
  #drained: Promise<void> | undefined;

  constructor(
    explorer: FactHandlersExplorer,
    definitions: StoreDefinitions,
    stores: OpenStores,
    projections: FactstrProjections,
    @Optional() @Inject(TRANSACTIONAL_EFFECTS) transactions?: TransactionalEffects,
  ) {
    this.#explorer = explorer;
    this.#definitions = definitions;
    this.#stores = stores;
    this.#projections = projections;
    this.#transactions = transactions;
  }

  async onApplicationBootstrap(): Promise<void> {
    try {
      this.#definitions.check();
      await this.#register(this.#explorer.explore());
      this.#signals.start();
    } catch (error) {
      // Nest calls no shutdown hook for a bootstrap that failed.
      await this.#drain();
      await this.#transactions?.close();
      await this.#stores.closeAll();
      throw error;
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.#signals.stop();
    await this.#drain();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#drain();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#drain();
    await this.#transactions?.close();
    await this.#stores.closeAll();
  }

  async #register(handlers: readonly FactHandler[]): Promise<void> {
    const known = this.#definitions.names();
    for (const { label, metadata } of handlers) {
      const name = metadata.store ?? DEFAULT_STORE;
      if (!known.includes(name)) {
        throw new InvalidOptionsError(messages.unknownStore(label, name, known));
      }
    }
    checkProjectionNames(handlers);
    this.#warnOfTwins(handlers);
    const starts: Promise<void>[] = [];
    for (const name of known) {
      const own = handlers.filter(({ metadata }) => (metadata.store ?? DEFAULT_STORE) === name);
      const store = this.#stores.find(name);
      if (store !== undefined) starts.push(...this.#start(store, own));
      else if (own.length > 0) this.#logger.warn(messages.fake(name, own.length));
    }
    await Promise.all(starts);
  }

  /** Registers one store's handlers and starts those that its options admit. */
  #start(store: OpenStore, handlers: readonly FactHandler[]): Promise<void>[] {
    checkHandlers(handlers, store);
    const { live, durable } = kindsOf(store);
    const liveHandlers: LiveHandler[] = [];
    const projections: RegisteredProjection[] = [];
    for (const handler of handlers) {
      const { metadata, label } = handler;
      if (metadata.kind === 'live') {
        liveHandlers.push(
          new LiveHandler(
            store.raw,
            store.name,
            handler,
            metadata.query,
            store.options,
            this.#logger,
          ),
        );
      } else {
        projections.push(
          new RegisteredProjection(
            store.raw,
            store.name,
            handler,
            metadata,
            store.options,
            this.#logger,
            this.#effectsOf(store, label, metadata),
          ),
        );
      }
    }
    this.#projections.add(projections, liveHandlers);
    if (durable) for (const { runner } of projections) runner.start();
    return live ? liveHandlers.map((handler) => handler.start()) : [];
  }

  /** Where the cursor is not the fact store's affair. */
  #effectsOf(store: OpenStore, label: string, { options }: DurableMetadata): Effects | undefined {
    const { transactional = false, timeout = store.options.timeout, startFrom } = options;
    if (transactional === false) return undefined;
    if (this.#transactions === undefined) {
      throw new InvalidOptionsError(messages.notTransactional(label));
    }
    return this.#transactions.effectsFor({
      name: cursorName(options),
      label,
      store: store.raw,
      storeFile: store.options.provider === 'sqlite' ? store.options.path : undefined,
      dataSource: transactional === true ? undefined : transactional.dataSource,
      timeout,
      hasStart: startFrom !== undefined,
    });
  }

  #warnOfTwins(handlers: readonly FactHandler[]): void {
    const live = handlers.filter(({ metadata }) => metadata.kind === 'live');
    const twins = new Set<string>();
    for (const [index, { label, metadata, holder }] of live.entries()) {
      const twin = live.findIndex(
        (other) =>
          other.label === label &&
          other.holder !== holder &&
          other.metadata.query === metadata.query,
      );
      if (twin >= 0 && twin < index) twins.add(label);
    }
    for (const label of twins) this.#logger.warn(messages.liveTwice(label));
  }

  /** Bounded by the longest `shutdownTimeout` of the stores. */
  #drain(): Promise<void> {
    return (this.#drained ??= this.#drainOnce());
  }

  async #drainOnce(): Promise<void> {
    const timeout = Math.max(
      0,
      ...this.#stores.all().map(({ options }) => shutdownTimeoutOf(options)),
    );
    const pending = new Map<Promise<void>, string>();
    for (const { label, done } of this.#projections.stopAll()) {
      pending.set(done, label);
      const settled = (): boolean => pending.delete(done);
      done.then(settled, settled);
    }
    if (pending.size === 0) return;
    await within(timeout, Promise.allSettled(pending.keys()));
    if (pending.size > 0) this.#logger.warn(messages.notDrained([...pending.values()], timeout));
  }
}

function kindsOf({ options: { handlers = true } }: OpenStore): { live: boolean; durable: boolean } {
  if (typeof handlers === 'boolean') return { live: handlers, durable: handlers };
  return { live: handlers.live ?? true, durable: handlers.durable ?? true };
}
