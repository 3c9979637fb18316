import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SignalWatch } from '../../../lib/module/lifecycle/signal-watch.js';
import { RecordedLog } from '../../support/fixtures/recorded-log.js';

const MARKS = ['NODE_ENV', 'JEST_WORKER_ID', 'VITEST', 'NODE_TEST_CONTEXT'];

describe('The warning of missing shutdown hooks', () => {
  const log = new RecordedLog();
  const environment = { ...process.env };
  const listener = (): void => undefined;

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(log);
    log.lines.length = 0;
  });

  afterEach(() => {
    jest.useRealTimers();
    process.env = { ...environment };
    process.off('SIGTERM', listener);
  });

  const watchFor = (minutes: number): string[] => {
    const watch = new SignalWatch(new Logger('FactstrModule'));
    watch.start();
    jest.advanceTimersByTime(minutes * 60_000);
    return log.of('warn');
  };

  const outsideTests = (): void => {
    for (const mark of MARKS) delete process.env[mark];
  };

  it('comes once', () => {
    outsideTests();
    expect(watchFor(10)).toHaveLength(1);
  });

  it('does not come when somebody listens to SIGTERM', () => {
    outsideTests();
    process.on('SIGTERM', listener);
    expect(watchFor(10)).toEqual([]);
  });

  it.each([
    ['NODE_ENV', 'test'],
    ['JEST_WORKER_ID', '1'],
    ['VITEST', 'true'],
    ['NODE_TEST_CONTEXT', 'child-v8'],
  ])('never comes in tests (%s)', (mark, value) => {
    outsideTests();
    process.env[mark] = value;
    expect(watchFor(10)).toEqual([]);
  });

  it('does not come after the application was closed', () => {
    outsideTests();
    const watch = new SignalWatch(new Logger('FactstrModule'));
    watch.start();
    watch.stop();
    jest.advanceTimersByTime(600_000);
    expect(log.of('warn')).toEqual([]);
  });
});
