import { describe } from '@jest/globals';
import { describeFactStore } from '../../lib/testing/conformance/describe-fact-store.js';
import { describeAppendCommands } from './suites/append-commands.js';
import { describeAppendIdRetention } from './suites/append-id-retention.js';
import { describeAppendMetadata, describeSharedAppendMetadata } from './suites/append-metadata.js';
import { describeArbitraryContainment } from './suites/arbitrary-containment.js';
import { describeGolden } from './suites/golden.js';
import { describeReopening } from './suites/reopening.js';
import { describeReplacedLogs } from './suites/replaced-logs.js';
import type { Provider, SharedDatabase } from '../support/providers/provider.js';
import { runner } from '../support/runner.js';

/** What each store of this package has. */
const FEATURES = [
  'appendIds',
  'onStreamError',
  'limits',
  'leaseTtl',
  'appendIdRetention',
  'log',
] as const;

/** The contract (docs/contract.md), asked of one provider, and what needs a look behind the contract. */
export function describeConformance(provider: Provider): void {
  describeFactStore(runner, provider, { name: provider.name, features: FEATURES });
  describeOwn(provider);
}

/** As `describeConformance`, where the log outlives the process and several stores share it. */
export function describeSharedConformance(provider: Provider<SharedDatabase>): void {
  describeFactStore(runner, provider, {
    name: provider.name,
    features: [...FEATURES, 'shared'],
  });
  describeOwn(provider);
  describe(`The ${provider.name} store: a shared database`, () => {
    describeReopening(provider);
    describeReplacedLogs(provider);
    describeSharedAppendMetadata(provider);
  });
}

function describeOwn(provider: Provider): void {
  describe(`The ${provider.name} store: facts`, () => {
    describeAppendIdRetention(provider);
    describeAppendCommands(provider);
    describeAppendMetadata(provider);
    describeArbitraryContainment(provider);
    describeGolden(provider);
  });
}
