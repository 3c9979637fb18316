// A kit for tests of applications: `nestjs-factstr/testing`. It needs no test runner, and imports none.

export { drained, settled } from './waiting.js';
export type { TestedApplication } from './waiting.js';
export type { DrainedOptions } from '../module/projections/verb-options.js';
export { createTestStore } from './stores/test-store.js';
export type { TestStore, TestStoreOptions } from './stores/test-store.js';
export { TestClock } from './stores/test-clock.js';
export type { TestClockOptions, TestTime } from './stores/test-clock.js';

// The contract as tests, for stores of others
export { describeFactStore } from './conformance/describe-fact-store.js';
export type { ConformanceOptions } from './conformance/describe-fact-store.js';
export { describeCursorStore } from './conformance/describe-cursor-store.js';
export type { CursorStoreConformanceOptions } from './conformance/describe-cursor-store.js';
export type { StoreFeature, TestedDatabase, TestedProvider } from './conformance/conformance.js';
export type { TestExpect, TestMatchers, TestRunner } from './conformance/runner.js';

// Decisions
export { specifyDecision } from './decisions/specify-decision.js';
export type {
  Appended,
  DecisionCase,
  DecisionSpecification,
  SpecifyDecisionOptions,
} from './decisions/specify-decision.js';
export type { Raced, RacedOutcome } from './decisions/race.js';
export type { RefusalMatcher } from './decisions/refusal.js';
export { SpecificationError } from './text/specification-error.js';

// Projections
export { specifyProjection } from './projections/specify-projection.js';
export type { ProjectionSpecification } from './projections/specify-projection.js';
export type { SpecifyProjectionOptions } from './projections/specify-projection.options.js';

// Matchers
export { factMatchers } from './matchers.js';
export type { FactMatchers, MatcherResult } from './matchers.js';
