import { describe } from '@jest/globals';
import { describeAppendCommands } from './suites/append-commands.js';
import { describeAppendIdRetention } from './suites/append-id-retention.js';
import { describeAppendIds, describeSharedAppendIds } from './suites/append-ids.js';
import { describeAppendMetadata, describeSharedAppendMetadata } from './suites/append-metadata.js';
import { describeAppending } from './suites/appending.js';
import { describeBacklog } from './suites/backlog.js';
import { describeBadInput } from './suites/bad-input.js';
import { describeClosing } from './suites/closing.js';
import { describeConcurrency } from './suites/concurrency.js';
import { describeContainment } from './suites/containment.js';
import { describeContexts } from './suites/contexts.js';
import { describeDelivery } from './suites/delivery.js';
import { describeDurableNames } from './suites/durable-names.js';
import { describeDurableQueries } from './suites/durable-queries.js';
import { describeDurableStreams } from './suites/durable-streams.js';
import { describeGolden } from './suites/golden.js';
import { describeLimits } from './suites/limits.js';
import { describeLiveStreams } from './suites/live-streams.js';
import { describeLogPages } from './suites/log-pages.js';
import { describeQuerying } from './suites/querying.js';
import { describeReopening } from './suites/reopening.js';
import { describeReplacedLogs } from './suites/replaced-logs.js';
import { describeSharing } from './suites/sharing.js';
import { describeSharedVersions, describeVersions } from './suites/versions.js';
import { describeEqualNames } from './suites/equal-names.js';
import type { Provider, SharedDatabase } from '../support/providers/provider.js';

/** The contract (docs/contract.md), asked of one provider. */
export function describeConformance(provider: Provider): void {
  describe(`The ${provider.name} store: facts`, () => {
    describeAppending(provider);
    describeAppendIds(provider);
    describeAppendIdRetention(provider);
    describeAppendCommands(provider);
    describeAppendMetadata(provider);
    describeQuerying(provider);
    describeContainment(provider);
    describeContexts(provider);
    describeVersions(provider);
    describeGolden(provider);
    describeConcurrency(provider);
  });
  describe(`The ${provider.name} store: refusals`, () => {
    describeBadInput(provider);
    describeLimits(provider);
    describeClosing(provider);
  });
  describe(`The ${provider.name} store: a second one`, () => {
    describeEqualNames(provider);
  });
  describe(`The ${provider.name} store: streams`, () => {
    describeLiveStreams(provider);
    describeDurableStreams(provider);
    describeDurableNames(provider);
    describeDurableQueries(provider);
    describeDelivery(provider);
    describeBacklog(provider);
    describeLogPages(provider);
  });
}

/** What else holds where the log outlives the process and several stores share it. */
export function describeSharedDatabase(provider: Provider<SharedDatabase>): void {
  describe(`The ${provider.name} store: a shared database`, () => {
    describeReopening(provider);
    describeReplacedLogs(provider);
    describeSharing(provider);
    describeSharedAppendIds(provider);
    describeSharedAppendMetadata(provider);
    describeSharedVersions(provider);
  });
}
