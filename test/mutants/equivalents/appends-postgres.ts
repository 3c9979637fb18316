import type { Equivalent } from './equivalent.js';

const QUEUE = 'lib/stores/postgres/postgres.append-queue.ts';

export const appendsPostgres: readonly Equivalent[] = [
  {
    file: QUEUE,
    from: 'if (this.#alone === 0) await this.#company();',
    to: 'if (true) await this.#company();',
    reason:
      'One that goes alone would wait for company that it does not take: two milliseconds more at most.',
  },
  {
    file: QUEUE,
    from: 'const pending = this.#waiting.slice(1, GROUP).flatMap(({ ready }) => ready ?? []);',
    to: 'const pending = this.#waiting.slice(1, GROUP).flatMap(({ ready }) => ready ?? ["Stryker was here"]);',
    reason: 'What is no promise is waited for no longer than a microtask.',
  },
  {
    file: QUEUE,
    from: 'if (pending.length === 0) return;',
    to: 'if (false) return;',
    reason: 'Where there is nothing to wait for, all of it has settled at once.',
  },
  {
    file: QUEUE,
    from: 'clearTimeout(timer);',
    to: ';',
    reason: 'A timer of two milliseconds that does nothing any more.',
  },
  {
    file: QUEUE,
    from: 'this.#waiting = waiting.filter(({ since }) => since > latest);',
    to: 'this.#waiting = waiting.filter(({ since }) => since >= latest);',
    reason:
      'Two looks at a clock that counts in microseconds, and an infinity that no time is equal to.',
  },
  {
    file: QUEUE,
    from: 'for (const { since, reject } of waiting) if (since <= latest) reject(error);',
    to: 'for (const { since, reject } of waiting) if (since < latest) reject(error);',
    reason:
      'Two looks at a clock that counts in microseconds, and an infinity that no time is equal to.',
  },
];
