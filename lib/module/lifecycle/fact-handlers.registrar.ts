import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { InvalidOptionsError } from '../../contract/errors.js';
import type { ProjectionCommit } from '../../projections/delivery/commit.js';
import { TRANSACTIONAL_COMMITS } from '../../projections/transactional/transactional-commits.js';
import type { TransactionalCommits } from '../../projections/transactional/transactional-commits.js';
import { storeFileOf } from '../../streams/store-face.js';
import { worksBehindProxy } from '../../support/behind-proxy.js';
import { FactHandlersExplorer } from '../handlers/fact-handlers.explorer.js';
import type { FactHandler } from '../handlers/fact-handler.js';
import { DEFAULT_STORE } from '../factstr.tokens.js';
import { checkHandlers, checkProjectionNames } from './handler-checks.js';
import type { DurableMetadata } from '../handlers/handler-metadata.js';
import { HandlersRegistry } from './handlers.registry.js';
import { LiveHandler } from '../handlers/live-handler.js';
import { messages } from '../messages.js';
import { OpenStores } from '../stores/stores.registry.js';
import type { OpenStore } from '../stores/stores.registry.js';
import { cursorName } from '../../cursors/cursor-name.js';
import { RegisteredProjection } from '../projections/registered-projection.js';
import { StoreDefinitions } from '../stores/store-definitions.js';

/** The handlers of one store that are to be registered. */
interface Registration {
  readonly store: OpenStore;
  readonly projections: readonly RegisteredProjection[];
  readonly liveHandlers: readonly LiveHandler[];
}

/** Registers handlers, each once, and starts those that their store's options admit. */
@Injectable()
export class FactHandlersRegistrar {
  readonly #logger = new Logger('FactstrModule');
  readonly #explorer: FactHandlersExplorer;
  readonly #definitions: StoreDefinitions;
  readonly #stores: OpenStores;
  readonly #registry: HandlersRegistry;
  readonly #transactions: TransactionalCommits | undefined;
  #registered: readonly FactHandler[] = [];
  /** One registration at a time: two at once would both find, and register, a handler. */
  #turn: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(
    explorer: FactHandlersExplorer,
    definitions: StoreDefinitions,
    stores: OpenStores,
    registry: HandlersRegistry,
    @Optional() @Inject(TRANSACTIONAL_COMMITS) transactions?: TransactionalCommits,
  ) {
    worksBehindProxy(this);
    this.#explorer = explorer;
    this.#definitions = definitions;
    this.#stores = stores;
    this.#registry = registry;
    this.#transactions = transactions;
  }

  /**
   * Registers the handlers that are in the application by now and were not registered before: all of them at
   * bootstrap, those of lazily loaded modules later. Resolves when live ones are registered with their store.
   *
   * @throws InvalidOptionsError for a handler that could not work; nothing is registered then
   */
  register(): Promise<void> {
    const registering = this.#turn.then(() => this.#registerNew());
    this.#turn = registering.catch(() => undefined);
    return registering;
  }

  /** The labels of handlers that are in the application and not registered. */
  unregistered(): string[] {
    return this.#new(this.#explorer.explore()).map(({ label }) => label);
  }

  /** Registers nothing from now on. */
  end(): void {
    this.#ended = true;
  }

  async #registerNew(): Promise<void> {
    if (this.#ended) return;
    const found = this.#explorer.explore();
    const handlers = this.#new(found);
    if (handlers.length === 0) return;
    const known = this.#definitions.names();
    for (const { label, metadata } of handlers) {
      const name = storeOf(metadata);
      if (!known.includes(name)) {
        throw new InvalidOptionsError(messages.unknownStore(label, name, known));
      }
    }
    checkProjectionNames(found);
    const registrations: Registration[] = [];
    for (const name of known) {
      const own = handlers.filter(({ metadata }) => storeOf(metadata) === name);
      if (own.length === 0) continue;
      const store = this.#stores.find(name);
      if (store === undefined) this.#logger.warn(messages.fake(name, own.length));
      else registrations.push(this.#make(store, own));
    }
    this.#warnOfTwins(handlers);
    this.#registered = [...this.#registered, ...handlers];
    await Promise.all(registrations.flatMap((registration) => this.#start(registration)));
  }

  #new(handlers: readonly FactHandler[]): FactHandler[] {
    const registered = new Set(this.#registered.map(({ identity }) => identity));
    return handlers.filter(({ identity }) => !registered.has(identity));
  }

  #make(store: OpenStore, handlers: readonly FactHandler[]): Registration {
    checkHandlers(handlers, store);
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
            store.service,
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
            store.service,
            this.#commitOf(store, label, metadata),
          ),
        );
      }
    }
    return { store, projections, liveHandlers };
  }

  #start({ store, projections, liveHandlers }: Registration): Promise<void>[] {
    this.#registry.add(projections, liveHandlers);
    const { live, durable } = kindsOf(store);
    if (durable) for (const { runner } of projections) runner.start();
    return live ? liveHandlers.map((handler) => handler.start()) : [];
  }

  /** How a transactional projection commits; `undefined` where the fact store keeps the cursor. */
  #commitOf(
    store: OpenStore,
    label: string,
    { options }: DurableMetadata,
  ): ProjectionCommit | undefined {
    const { transactional = false, timeout = store.options.timeout, startFrom } = options;
    if (transactional === false) return undefined;
    if (this.#transactions === undefined) {
      throw new InvalidOptionsError(messages.notTransactional(label));
    }
    return this.#transactions.commitFor({
      name: cursorName(options),
      label,
      store: store.raw,
      storeFile: storeFileOf(store.raw),
      dataSource: transactional === true ? undefined : transactional.dataSource,
      timeout,
      hasStart: startFrom !== undefined,
    });
  }

  #warnOfTwins(handlers: readonly FactHandler[]): void {
    const live = handlers.filter(({ metadata }) => metadata.kind === 'live');
    const twins = new Set<string>();
    for (const [index, { label, metadata, identity }] of live.entries()) {
      const twin = live.findIndex(
        (other) =>
          other.label === label &&
          other.identity !== identity &&
          other.metadata.query === metadata.query,
      );
      if (twin >= 0 && twin < index) twins.add(label);
    }
    for (const label of twins) this.#logger.warn(messages.liveTwice(label));
  }
}

function storeOf({ store = DEFAULT_STORE }: { readonly store?: string | undefined }): string {
  return store;
}

function kindsOf({ options: { handlers = true } }: OpenStore): { live: boolean; durable: boolean } {
  if (typeof handlers === 'boolean') return { live: handlers, durable: handlers };
  return { live: handlers.live ?? true, durable: handlers.durable ?? true };
}
