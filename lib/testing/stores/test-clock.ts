import { InvalidOptionsError } from '../../contract/errors.js';

/** A time as a test gives it: text as `Date.parse` takes it, or milliseconds since 1970. @publicApi */
export type TestTime = Date | string | number;

/** Options of a `TestClock`. @publicApi */
export interface TestClockOptions {
  /** Default `2026-01-01T00:00:00.000Z`. */
  start?: TestTime | undefined;
  /** How far each reading moves it, in milliseconds. Default 0: it stands until the test moves it. */
  step?: number | undefined;
}

const DEFAULT_START = '2026-01-01T00:00:00.000Z';
/** The largest time that a `Date` has, in milliseconds. */
const MAX_TIME_MS = 8.64e15;

/**
 * A clock that a test moves. A fact store reads it once for each append.
 * ```ts
 * const clock = new TestClock({ start: '2026-03-01T09:00:00Z' });
 * const store = createTestStore({ now: clock });
 * clock.advance(60_000);
 * ```
 *
 * @publicApi
 */
export class TestClock {
  #time: number;
  readonly #step: number;

  /** @throws InvalidOptionsError for what is no time, or a step that is negative */
  constructor({ start = DEFAULT_START, step = 0 }: TestClockOptions = {}) {
    this.#time = milliseconds(start, 'start');
    this.#step = duration(step, 'step');
  }

  /** The time that the next reading gives. */
  get time(): Date {
    return new Date(this.#time);
  }

  /** Reads it: milliseconds since 1970. Moves it by its step. */
  now(): number {
    const now = this.#time;
    this.#time = milliseconds(now + this.#step, 'time');
    return now;
  }

  /**
   * Moves it forward.
   *
   * @throws InvalidOptionsError for a negative duration: facts do not get older than those before them
   */
  advance(milliseconds: number): void {
    this.set(this.#time + duration(milliseconds, 'duration'));
  }

  /**
   * Sets it to a later time.
   *
   * @throws InvalidOptionsError for an earlier one
   */
  set(time: TestTime): void {
    const next = milliseconds(time, 'time');
    if (next < this.#time) {
      throw new InvalidOptionsError(
        `The clock stands at ${this.time.toISOString()} and is to go back to ${new Date(next).toISOString()}; the times of a log never go backwards. Make another store with a clock of its own.`,
      );
    }
    this.#time = next;
  }
}

/** @throws InvalidOptionsError for what is no time */
export function milliseconds(time: unknown, what: string): number {
  const value =
    typeof time === 'string' ? Date.parse(time) : time instanceof Date ? time.getTime() : time;
  if (typeof value === 'number' && Math.abs(value) <= MAX_TIME_MS) return value;
  throw new InvalidOptionsError(
    `The ${what} of a test clock is ${String(time)}; expected a Date, a text such as "2026-01-01T00:00:00Z", or milliseconds since 1970.`,
  );
}

function duration(value: unknown, what: string): number {
  if (typeof value === 'number' && value >= 0 && value <= MAX_TIME_MS) return value;
  throw new InvalidOptionsError(
    `The ${what} of a test clock is ${String(value)}; expected milliseconds from 0 on.`,
  );
}
