// What `@jest/globals` is for test files that are loaded outside Jest.
import { ModernFakeTimers } from '@jest/fake-timers';
import { jestExpect } from '@jest/expect';
import { ModuleMocker } from 'jest-mock';

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from 'jest-circus';
export const expect = jestExpect;

const mocker = new ModuleMocker(globalThis);
const timers = new ModernFakeTimers({
  config: { fakeTimers: {}, rootDir: process.cwd() } as never,
  global: globalThis,
});

export const jest = {
  fn: mocker.fn.bind(mocker),
  spyOn: mocker.spyOn.bind(mocker),
  restoreAllMocks: () => mocker.restoreAllMocks(),
  // The runner has limits of its own.
  setTimeout: () => undefined,
  useFakeTimers: (options?: Parameters<typeof timers.useFakeTimers>[0]) =>
    timers.useFakeTimers(options),
  useRealTimers: () => timers.useRealTimers(),
  setSystemTime: (now?: number | Date) => timers.setSystemTime(now),
  getRealSystemTime: () => timers.getRealSystemTime(),
  getTimerCount: () => timers.getTimerCount(),
  now: () => timers.now(),
  advanceTimersByTime: (milliseconds: number) => timers.advanceTimersByTime(milliseconds),
  advanceTimersByTimeAsync: (milliseconds: number) => timers.advanceTimersByTimeAsync(milliseconds),
  advanceTimersToNextTimer: (steps?: number) => timers.advanceTimersToNextTimer(steps),
  advanceTimersToNextTimerAsync: (steps?: number) => timers.advanceTimersToNextTimerAsync(steps),
  runAllTicks: () => timers.runAllTicks(),
  runAllTimers: () => timers.runAllTimers(),
  runAllTimersAsync: () => timers.runAllTimersAsync(),
  runOnlyPendingTimers: () => timers.runOnlyPendingTimers(),
  runOnlyPendingTimersAsync: () => timers.runOnlyPendingTimersAsync(),
  clearAllTimers: () => timers.clearAllTimers(),
};
