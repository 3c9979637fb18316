import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Heartbeat } from '../../lib/cursors/heartbeat.js';

beforeEach(() => void jest.useFakeTimers({ now: 0 }));
afterEach(() => void jest.useRealTimers());

describe('The heartbeat of a lease', () => {
  it('is its renewals and claims, by the monotonic clock from the first look on', () => {
    const heartbeat = new Heartbeat();
    expect(heartbeat.look({ epoch: 4n, renewals: 7n })).toBeUndefined();
    jest.advanceTimersByTime(400);
    jest.setSystemTime(1_000_000);
    expect(heartbeat.look({ epoch: 4n, renewals: 7n })).toBe(false);
    expect(heartbeat.silence).toBe(400);
    expect(heartbeat.look({ epoch: 4n, renewals: 8n })).toBe(true);
    expect(heartbeat.silence).toBe(0);
    jest.advanceTimersByTime(30);
    expect(heartbeat.look({ epoch: 5n, renewals: 8n })).toBe(true);
    jest.advanceTimersByTime(20);
    expect(heartbeat.look({ epoch: 5n, renewals: 8n })).toBe(false);
    expect(heartbeat.silence).toBe(20);
  });
});
