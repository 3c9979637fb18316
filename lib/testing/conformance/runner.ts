import { format } from 'node:util';

/**
 * What a suite needs of a test runner. Jest's globals, Vitest's exports, and `node:test` with the package `expect`
 * have it:
 * ```ts
 * import * as test from 'node:test';
 * import { expect } from 'expect';
 *
 * describeFactStore({ ...test, expect }, () => new MyStore());
 * ```
 *
 * @publicApi
 */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  /** `timeout` in milliseconds; runners that do not take one ignore it. */
  readonly it: (name: string, body: () => Promise<void>, timeout?: number) => unknown;
  readonly beforeEach: (body: () => Promise<void>) => unknown;
  readonly afterEach: (body: () => Promise<void>) => unknown;
  /** One of `afterAll` and `after` is needed. */
  readonly afterAll?: ((body: () => Promise<void>) => unknown) | undefined;
  readonly after?: ((body: () => Promise<void>) => unknown) | undefined;
  readonly expect: TestExpect;
  /** The clock, in milliseconds, by which the suites’ patience goes. Default: the machine's. */
  readonly now?: (() => number) | undefined;
}

/** Jest's `expect`, or what does as it does. @publicApi */
export interface TestExpect {
  (actual: unknown): TestMatchers;
  any(constructor: unknown): unknown;
  stringContaining(text: string): unknown;
}

/** The matchers that the suites use. @publicApi */
export interface TestMatchers {
  readonly not: Omit<TestMatchers, 'not'>;
  toBe(expected: unknown): unknown;
  toEqual(expected: unknown): unknown;
  toStrictEqual(expected: unknown): unknown;
  toMatchObject(expected: object): unknown;
  toContain(item: unknown): unknown;
  toContainEqual(item: unknown): unknown;
  toHaveLength(length: number): unknown;
  toMatch(pattern: string | RegExp): unknown;
  toThrow(expected?: unknown): unknown;
  // oxlint-disable-next-line typescript/no-explicit-any -- what the runners take here differs
  toBeInstanceOf(expected: any): unknown;
  toBeNull(): unknown;
  toBeUndefined(): unknown;
  toBeTruthy(): unknown;
  toBeGreaterThan(least: number | bigint): unknown;
  toBeGreaterThanOrEqual(least: number | bigint): unknown;
  toBeLessThan(most: number | bigint): unknown;
  toBeLessThanOrEqual(most: number | bigint): unknown;
}

/** One test, or one for each row of a table, whose title shows the row's values as Jest does. */
export interface Each {
  <T extends readonly [unknown, ...unknown[]]>(
    table: readonly T[],
  ): (title: string, body: (...row: T) => unknown) => void;
  <T extends readonly unknown[]>(
    table: readonly T[],
  ): (title: string, body: (...row: T) => unknown) => void;
  <T>(table: readonly T[]): (title: string, body: (value: T) => unknown) => void;
}

/** Registers a body for each row. */
export function eachOf(register: (title: string, body: () => unknown) => void): Each {
  return (table: readonly unknown[]) => (title: string, body: (...row: never[]) => unknown) => {
    for (const row of table) {
      const values: readonly unknown[] = Array.isArray(row) ? row : [row];
      register(titleOf(title, values), () => body(...(values as never[])));
    }
  };
}

/** Puts the values in the place of `%s`, `%d`, `%j` and `%p`, as Jest does. */
function titleOf(title: string, values: readonly unknown[]): string {
  const left = values[Symbol.iterator]();
  return title.replaceAll(/%[sdjp]/g, (placeholder) => {
    const { value, done } = left.next();
    if (done === true) return placeholder;
    if (placeholder !== '%p') return format(placeholder, value);
    return typeof value === 'string' ? `"${value}"` : String(value);
  });
}
