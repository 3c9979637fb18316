import type { FactStore, MaybePromise } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import type { FactStoreOptions } from '../../streams/streaming-store.js';
import { Conformance } from './conformance.js';
import type { StoreFeature, TestedDatabase, TestedProvider } from './conformance.js';
import type { TestRunner } from './runner.js';
import { describeBacklog } from './streams/backlog.js';
import { describeDelivery } from './streams/delivery.js';
import { describeDurableNames } from './streams/durable-names.js';
import { describeDurableQueries } from './streams/durable-queries.js';
import { describeDurableStreams } from './streams/durable-streams.js';
import { describeLiveStreams } from './streams/live-streams.js';
import { describeLogBatches } from './streams/log-batches.js';
import { describeLogPages } from './streams/log-pages.js';
import { describeAppendIds, describeSharedAppendIds } from './suites/append-ids.js';
import { describeAppending } from './suites/appending.js';
import { describeBadInput } from './suites/bad-input.js';
import { describeClosing } from './suites/closing.js';
import { describeConcurrency } from './suites/concurrency.js';
import { describeContainment } from './suites/containment.js';
import { describeContexts } from './suites/contexts.js';
import { describeEqualNames } from './suites/equal-names.js';
import { describeLimits } from './suites/limits.js';
import { describeQuerying } from './suites/querying.js';
import { describeSharing } from './suites/sharing.js';
import { describeSharedVersions, describeVersions } from './suites/versions.js';

/** Options of `describeFactStore`. @publicApi */
export interface ConformanceOptions {
  /** What the tests' titles call it. Default `custom`. */
  name?: string | undefined;
  /** What the store has besides the contract, and is tested for. Default: nothing. */
  features?: readonly StoreFeature[] | undefined;
}

/**
 * Registers the tests that every fact store has to pass, with the runner that it is given: the contract of
 * docs/contract.md, and what `features` name.
 * ```ts
 * import * as vitest from 'vitest';
 *
 * describeFactStore(vitest, () => new MyStore(), { name: 'my' });
 * ```
 *
 * @param provider a function that makes an empty store, which is closed after its test; or what creates databases, on
 * which stores are opened
 * @throws InvalidOptionsError for a runner that lacks something, an unknown feature, or `shared` without databases
 */
export function describeFactStore(
  runner: TestRunner,
  provider: TestedProvider | ((options?: FactStoreOptions) => MaybePromise<FactStore>),
  { name = 'custom', features = [] }: ConformanceOptions = {},
): void {
  const unknown = features.find((feature) => !Object.hasOwn(FEATURES, feature));
  if (unknown !== undefined) {
    throw new InvalidOptionsError(
      `There is no feature "${unknown}" of a store; there are ${Object.keys(FEATURES).join(', ')}.`,
    );
  }
  if (features.includes('shared') && typeof provider === 'function') {
    throw new InvalidOptionsError(
      'The feature shared needs a provider { create } of databases on which several stores are opened.',
    );
  }
  const databases = typeof provider === 'function' ? { create: () => alone(provider) } : provider;
  const conformance = new Conformance(runner, databases, features);
  const { describe } = conformance;
  const group = (title: string, ...suites: ((suite: Conformance) => void)[]): void => {
    describe(`The ${name} store: ${title}`, () => suites.forEach((suite) => suite(conformance)));
  };
  group(
    'facts',
    describeAppending,
    ...(conformance.has('appendIds') ? [describeAppendIds] : []),
    describeQuerying,
    describeContainment,
    describeContexts,
    describeVersions,
    describeConcurrency,
  );
  group(
    'refusals',
    describeBadInput,
    ...(conformance.has('limits') ? [describeLimits] : []),
    describeClosing,
  );
  group('a second one', describeEqualNames);
  group(
    'streams',
    describeLiveStreams,
    describeDurableStreams,
    describeDurableNames,
    describeDurableQueries,
    describeDelivery,
    describeBacklog,
    ...(conformance.has('log') ? [describeLogBatches, describeLogPages] : []),
  );
  if (!conformance.has('shared')) return;
  group(
    'a shared database',
    describeSharing,
    ...(conformance.has('appendIds') ? [describeSharedAppendIds] : []),
    describeSharedVersions,
  );
}

const FEATURES: Readonly<Record<StoreFeature, true>> = {
  appendIds: true,
  onStreamError: true,
  limits: true,
  leaseTtl: true,
  appendIdRetention: true,
  log: true,
  shared: true,
};

/** Databases that have one store each. */
function alone(makeStore: (options?: FactStoreOptions) => MaybePromise<FactStore>): TestedDatabase {
  const stores: FactStore[] = [];
  return {
    open: async (options) => {
      const store = await makeStore(options);
      stores.push(store);
      return store;
    },
    dispose: async () => {
      for (const store of stores) await store.close();
    },
  };
}
