import type { FactStore, MaybePromise } from '../../contract/contract.types.js';
import type { FactstrError } from '../../contract/errors.js';
import type { LogSource } from '../../streams/log-source.js';
import type { FactStoreOptions } from '../../streams/streaming-store.js';
import type { TestRunner } from './runner.js';
import { Suite, withEach } from './suite.js';
import type { Registering } from './suite.js';

/**
 * What a store has besides the contract:
 * - `appendIds`: the option `appendId`
 * - `onStreamError`, `limits`, `leaseTtl`, `appendIdRetention`: the options of every store of this package by those
 *   names, which `makeStore` hands on
 * - `log`: it shows its log and its cursor store (`StoreWithLog`)
 * - `shared`: several store objects may be open on one database, one after the other and at the same time
 *
 * @publicApi
 */
export type StoreFeature =
  'appendIds' | 'onStreamError' | 'limits' | 'leaseTtl' | 'appendIdRetention' | 'log' | 'shared';

/**
 * An empty database of one test, and the stores that are opened on it.
 *
 * @publicApi
 */
export interface TestedDatabase<S extends FactStore = FactStore> {
  open(options?: FactStoreOptions): MaybePromise<S>;
  /** Closes every store that was opened, and removes the database. */
  dispose(): MaybePromise<void>;
}

/**
 * Makes empty databases.
 *
 * @publicApi
 */
export interface TestedProvider<D extends TestedDatabase = TestedDatabase> {
  create(): MaybePromise<D>;
}

/** A store as the suites see it: `log` is asked for only where the store has it. */
export type ConformingStore = FactStore & { readonly log: LogSource };
type ConformingDatabase = TestedDatabase<ConformingStore>;

/** A test runner and a provider, as the suites use them. */
export class Conformance extends Suite {
  readonly #provider: TestedProvider<ConformingDatabase>;
  readonly #features: ReadonlySet<StoreFeature>;

  constructor(runner: TestRunner, provider: TestedProvider, features: readonly StoreFeature[]) {
    super(runner);
    this.#provider = provider as TestedProvider<ConformingDatabase>;
    this.#features = new Set(features);
  }

  has(feature: StoreFeature): boolean {
    return this.#features.has(feature);
  }

  /** `it`, for a store that has all of these; else nothing is registered. */
  itWith = (...features: StoreFeature[]): Registering => {
    if (features.every((feature) => this.has(feature))) return this.it;
    return withEach(() => undefined);
  };

  /** Makes databases, each removed after the test that made it. */
  databases(): () => Promise<ConformingDatabase> {
    const created: ConformingDatabase[] = [];
    this.afterEach(async () => {
      for (const database of created.splice(0)) await database.dispose();
    });
    return async () => {
      const database = await this.#provider.create();
      created.push(database);
      return database;
    };
  }

  /** Opens an empty store for each test, and fails a test whose streams reported what it did not expect. */
  stores(): (options?: FactStoreOptions) => Promise<ConformingStore> {
    const createDatabase = this.databases();
    const unexpected: FactstrError[] = [];
    this.afterEach(() => {
      this.expect(unexpected.splice(0)).toEqual([]);
    });
    return async (options) => {
      const database = await createDatabase();
      return database.open({ onStreamError: (error) => unexpected.push(error), ...options });
    };
  }

  /** One store for all tests of a group, which do not mind one another's facts. */
  sharedStore(prepare?: (store: ConformingStore) => MaybePromise<unknown>): {
    readonly open: () => Promise<ConformingStore>;
    readonly dispose: () => Promise<void>;
  } {
    let opening: Promise<[ConformingDatabase, ConformingStore]> | undefined;
    const begin = async (): Promise<[ConformingDatabase, ConformingStore]> => {
      const database = await this.#provider.create();
      const store = await database.open();
      await prepare?.(store);
      return [database, store];
    };
    return {
      open: async () => (await (opening ??= begin()))[1],
      dispose: async () => (await opening)?.[0].dispose(),
    };
  }
}
