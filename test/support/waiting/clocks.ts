import { jest } from '@jest/globals';

/** The clocks stand still until `jest.advanceTimersByTime`, and until `jest.useRealTimers()`. Timers go on. */
export function standStill(): void {
  jest.useFakeTimers({
    doNotFake: [
      'hrtime',
      'nextTick',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
}
