// A kit for tests of applications: `nestjs-factstr/testing`. It needs no test runner, and imports none.

export { drained, settled } from './waiting.js';
export type { TestedApplication } from './waiting.js';
export type { DrainedOptions } from '../module/factstr-projections.js';
export { createTestStore } from './stores/test-store.js';
export type { TestStore, TestStoreOptions } from './stores/test-store.js';
export { TestClock } from './stores/test-clock.js';
export type { TestClockOptions, TestTime } from './stores/test-clock.js';
