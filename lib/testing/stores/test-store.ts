import type { FactStore } from '../../contract/contract.types.js';
import type { FactMap } from '../../facts/fact-map.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import { FactstrStore } from '../../service/factstr-store.js';
import { FactstrMemoryStore } from '../../stores/memory/store.js';
import type { FactStoreOptions } from '../../streams/streaming-store.js';
import { TestClock, milliseconds } from './test-clock.js';
import type { TestClockOptions, TestTime } from './test-clock.js';

/**
 * Options of `createTestStore`; besides, those of every store.
 *
 * @publicApi
 */
export interface TestStoreOptions extends FactStoreOptions {
  /**
   * The time of each append: a `TestClock` that the test moves; a start from which each append is one second later than
   * the one before; start and step; or a function. Default: from `2026-01-01T00:00:00.000Z` on, second by second.
   */
  now?: TestClock | TestTime | TestClockOptions | (() => Date | number) | undefined;
}

/**
 * A store in memory for a test.
 *
 * @publicApi
 */
export interface TestStore<Facts extends object = FactMap> extends FactstrStore<Facts> {
  /** The store without the service, for `FactstrModule.forRoot({ provider: 'custom', store: store.bare })`. */
  readonly bare: FactStore;
}

/** How far apart appends are where nothing else is said, in milliseconds. */
const DEFAULT_STEP_MS = 1_000;

/**
 * A memory store whose facts have the same times in every run.
 * ```ts
 * const store = createTestStore({ now: '2026-03-01T09:00:00Z' });
 * const testing = await Test.createTestingModule({
 *   imports: [FactstrModule.forRoot({ provider: 'custom', store: store.bare })],
 * }).compile();
 * ```
 *
 * @throws InvalidOptionsError
 */
export function createTestStore<Facts extends object = FactMap>({
  now,
  ...options
}: TestStoreOptions = {}): TestStore<Facts> {
  const bare = new FactstrMemoryStore({ ...options, clock: clockOf(now) });
  return Object.assign(FactstrStore.of<Facts>(bare), { bare });
}

function clockOf(now: unknown): () => number {
  if (typeof now === 'function') {
    return () => milliseconds((now as () => unknown)(), 'reading');
  }
  if (now instanceof TestClock) return () => now.now();
  const clock = new TestClock({ step: DEFAULT_STEP_MS, ...startOf(now) });
  return () => clock.now();
}

function startOf(now: unknown): TestClockOptions {
  if (now === undefined) return {};
  if (typeof now !== 'object' || now === null || now instanceof Date) {
    return { start: now as TestTime };
  }
  const unknown = Object.keys(now).find((key) => key !== 'start' && key !== 'step');
  if (unknown === undefined) return now;
  throw new InvalidOptionsError(
    `The option now has no member "${unknown}"; it has start and step, or is a TestClock, a time or a function.`,
  );
}
