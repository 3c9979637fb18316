import { performance } from 'node:perf_hooks';
import type { MaybePromise } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import { eachOf } from './runner.js';
import type { Each, TestExpect, TestRunner } from './runner.js';
import { inboxOf } from './support/inbox.js';
import type { InboxClass } from './support/inbox.js';
import { settle, waitUntil } from './support/waiting.js';

/** How long one test may take, in milliseconds: some write and read 20,000 facts. */
const TEST_TIMEOUT_MS = 60_000;

/** `describe` or `it`, also for each row of a table. */
export interface Registering {
  (title: string, body: () => unknown): void;
  readonly each: Each;
}

/** A test runner as the suites use it. */
export class Suite {
  readonly expect: TestExpect;
  readonly it: Registering;
  readonly describe: Registering;
  readonly afterAll: (body: () => unknown) => void;
  readonly beforeEach: (body: () => unknown) => void;
  readonly afterEach: (body: () => unknown) => void;
  readonly now: () => number;
  readonly until: (condition: () => MaybePromise<boolean>, what: () => string) => Promise<void>;
  readonly settle = settle;
  readonly Inbox: InboxClass;

  /** @throws InvalidOptionsError for a runner that lacks something */
  constructor(runner: TestRunner) {
    const afterAll = runner.afterAll ?? runner.after;
    const needed = ['describe', 'it', 'expect', 'beforeEach', 'afterEach'] as const;
    const missing = needed.find((name) => typeof runner[name] !== 'function');
    if (afterAll === undefined || missing !== undefined) {
      throw new InvalidOptionsError(
        `The test runner has no ${missing ?? 'afterAll (nor after)'}. Hand over { describe, it, expect, beforeEach, afterEach, afterAll }.`,
      );
    }
    this.expect = runner.expect;
    this.it = withEach((title, body) => runner.it(title, asyncOf(body), TEST_TIMEOUT_MS));
    this.describe = withEach((title, body) => runner.describe(title, () => void body()));
    this.afterAll = (body) => void afterAll(asyncOf(body));
    this.beforeEach = (body) => void runner.beforeEach(asyncOf(body));
    this.afterEach = (body) => void runner.afterEach(asyncOf(body));
    this.now = runner.now ?? (() => performance.now());
    this.until = (condition, what) => waitUntil(condition, what, this.now);
    this.Inbox = inboxOf(this.until);
  }
}

export function withEach(register: (title: string, body: () => unknown) => unknown): Registering {
  const one = (title: string, body: () => unknown): void => void register(title, body);
  return Object.assign(one, { each: eachOf(one) });
}

/** Runners differ in what else a body may return. */
function asyncOf(body: () => unknown): () => Promise<void> {
  return async () => void (await body());
}
