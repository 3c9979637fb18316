import { jest } from '@jest/globals';
import { settle } from './until.js';

/** From here on timers and the monotonic clock go as `pass` says, until `jest.useRealTimers()`. */
export function stepTime(): void {
  jest.useFakeTimers({
    doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'hrtime'],
  });
}

/** Lets that many milliseconds pass, and everything happen that is due by then. */
export async function pass(milliseconds: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(milliseconds);
  await settle();
}
