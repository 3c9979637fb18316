import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  AppendIdReusedError,
  DatabaseBusyError,
  DatabaseUnavailableError,
  IndeterminateAppendError,
  InvalidEventError,
  StorageFullError,
  StoreOverloadedError,
} from '../../lib/contract/errors.js';
import { AppendRetry } from '../../lib/service/append-retry.js';
import type { PostgresAppendOptions } from '../../lib/stores/postgres/append/append-inside.js';

const ID = { appendId: 'once' };
const manager = {} as NonNullable<PostgresAppendOptions['manager']>;
const unknown = (): IndeterminateAppendError => new IndeterminateAppendError('not known');

/** An append that answers what it is told to, one call after the other. */
function scripted(...answers: unknown[]): { append: () => Promise<unknown>; calls: () => number } {
  let calls = 0;
  const append = async (): Promise<unknown> => {
    const answer = answers[Math.min(calls++, answers.length - 1)];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { append, calls: () => calls };
}

describe('The repetition of appends', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** What it comes to, and after how many milliseconds. */
  async function outcome(
    retry: AppendRetry,
    append: () => Promise<unknown>,
    options?: PostgresAppendOptions,
  ): Promise<{ value?: unknown; error?: unknown; after: number }> {
    const began = performance.now();
    const settled: { value?: unknown; error?: unknown; after: number }[] = [];
    const settle = (found: { value?: unknown; error?: unknown }): void => {
      settled.push({ ...found, after: performance.now() - began });
    };
    void retry.run(append, options).then(
      (value) => settle({ value }),
      (error: unknown) => settle({ error }),
    );
    for (let step = 0; step < 200 && settled.length === 0; step++) {
      await jest.advanceTimersByTimeAsync(step === 0 ? 0 : 1_000);
    }
    if (settled[0] === undefined) throw new Error('it goes on');
    return settled[0];
  }

  it('goes on until the outcome is known', async () => {
    const { append, calls } = scripted(
      unknown(),
      new DatabaseUnavailableError('gone'),
      new DatabaseBusyError('busy'),
      new StoreOverloadedError('many'),
      new StorageFullError('full'),
      unknown(),
      'done',
    );
    expect(await outcome(new AppendRetry(), append, ID)).toMatchObject({ value: 'done' });
    expect(calls()).toBe(7);
  });

  it.each<[string, PostgresAppendOptions | undefined, Error]>([
    ['without an id', undefined, unknown()],
    ['in a transaction of the application’s', { ...ID, manager }, unknown()],
    ['that was refused', ID, new DatabaseUnavailableError('gone')],
    ['that was invalid', ID, new InvalidEventError('no')],
  ])('leaves an append alone %s', async (_, options, error) => {
    const { append, calls } = scripted(error, 'done');
    expect(await outcome(new AppendRetry(), append, options)).toEqual({ error, after: 0 });
    expect(calls()).toBe(1);
  });

  it.each([30_000, 2_000, 0])(
    'ends %i ms after the first failure, however often it failed since',
    async (appendRetryTimeout) => {
      const first = unknown();
      const { append, calls } = scripted(first, unknown());
      const options = appendRetryTimeout === 30_000 ? undefined : { appendRetryTimeout };
      const { error, after } = await outcome(new AppendRetry(options), append, ID);
      expect(error).toBe(first);
      expect(after).toBeCloseTo(appendRetryTimeout, -1);
      if (appendRetryTimeout === 0) expect(calls()).toBe(1);
      else expect(calls()).toBeGreaterThan(2);
    },
  );

  it('tells by a reused id that its own facts are there under other ones', async () => {
    const reused = new AppendIdReusedError('used before');
    const { append } = scripted(unknown(), reused);
    expect((await outcome(new AppendRetry(), append, ID)).error).toBe(reused);
  });

  it('tells in the end why the outcome still is not known', async () => {
    const full = new StorageFullError('full');
    const { append } = scripted(unknown(), unknown(), full);
    const { error } = await outcome(new AppendRetry(), append, ID);
    expect(error).toBeInstanceOf(IndeterminateAppendError);
    expect(error).toMatchObject({ message: 'not known', cause: full });
  });

  it('does not take a repetition’s refusal for the first one’s', async () => {
    const refused = new InvalidEventError('no');
    const { append, calls } = scripted(unknown(), refused, 'done');
    const { error } = await outcome(new AppendRetry(), append, ID);
    expect(error).toBeInstanceOf(IndeterminateAppendError);
    expect(error).toMatchObject({ message: 'not known', cause: refused });
    expect(calls()).toBe(2);
  });

  it('gives ids where each append is to have one, and keeps those that are there', () => {
    const [never, always] = [new AppendRetry(), new AppendRetry({ idempotentAppends: true })];
    expect(never.withId(undefined)).toBeUndefined();
    expect(never.withId(ID)).toBe(ID);
    expect(always.withId(ID)).toBe(ID);
    expect(always.withId({ manager })).toEqual({ manager });
    const [one, other] = [always.withId(undefined), always.withId({})];
    expect(one!.appendId).toMatch(/^[\da-f-]{36}$/);
    expect(other!.appendId).not.toBe(one!.appendId);
  });

  it.each([-1, Number.NaN, Infinity, '5' as unknown as number])(
    'refuses a timeout of %p',
    (appendRetryTimeout) => {
      expect(() => new AppendRetry({ appendRetryTimeout })).toThrow(
        `appendRetryTimeout is ${String(appendRetryTimeout)}; expected milliseconds, 0 or more.`,
      );
    },
  );

  it('refuses an option that is neither true nor false', () => {
    const idempotentAppends = 1 as unknown as boolean;
    expect(() => new AppendRetry({ idempotentAppends })).toThrow(
      'The option idempotentAppends is true or false.',
    );
  });
});
