import { describe, expect, it } from '@jest/globals';
import { RecentFacts } from '../../lib/context-index/recent-facts.js';

const fact = (n: number): { event_type: string; payload: unknown } => ({
  event_type: 'a',
  payload: { n },
});

/** Every fact after `start` is there, none before. */
function expectComplete(recent: RecentFacts, last: number): void {
  for (let number = 1; number <= last; number++) {
    expect(recent.get(number) !== undefined).toBe(number > recent.start);
  }
}

describe('Recent facts', () => {
  it('are those that were added', () => {
    const recent = new RecentFacts();
    for (let n = 1; n <= 5; n++) recent.add(n, fact(n), 10);
    expect(recent.get(3)).toMatchObject(fact(3));
    expect(recent.get(6)).toBeUndefined();
    expect(recent.start).toBe(0);
  });

  it('are bounded in number', () => {
    const recent = new RecentFacts();
    for (let n = 1; n <= 10_000; n++) recent.add(n, fact(n), 10);
    expect(recent.start).toBe(10_000 - 4_096);
    expectComplete(recent, 10_000);
  });

  it('are bounded in size, and may all be too large', () => {
    const recent = new RecentFacts();
    const MEGA = 1024 * 1024;
    for (let n = 1; n <= 20; n++) recent.add(n, fact(n), MEGA);
    expect(recent.start).toBe(12);
    expectComplete(recent, 20);
    recent.add(21, fact(21), 9 * MEGA);
    expect(recent.start).toBe(21);
    expectComplete(recent, 21);
    recent.add(22, fact(22), 8 * MEGA);
    expect(recent.start).toBe(21);
    expectComplete(recent, 22);
  });

  it('may begin anew after any number', () => {
    const recent = new RecentFacts();
    for (let n = 1; n <= 8; n++) recent.add(n, fact(n), 1024 * 1024);
    recent.restart(8);
    expectComplete(recent, 8);
    for (let n = 9; n <= 16; n++) recent.add(n, fact(n), 1024 * 1024);
    // What was there before takes no room any more.
    expect(recent.start).toBe(8);
    expectComplete(recent, 16);
  });
});
