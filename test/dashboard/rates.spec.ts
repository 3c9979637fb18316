import { describe, expect, it } from '@jest/globals';
import { Rates } from '../../lib/dashboard/rates.js';
import { count, moment, some, span } from '../../lib/dashboard/views/words.js';
import type { ProjectionStatus } from '../../lib/projections/status.js';

const status = (position: bigint, head: bigint): ProjectionStatus =>
  ({
    store: 'default',
    name: 'orders',
    version: 1,
    position,
    head,
    lag: head - position,
    lagTime: 1_000,
  }) as ProjectionStatus;

/** Samples every 10 s, of a projection that replays 100 facts in each. */
function sampled(samples: number): { rates: Rates; last: ProjectionStatus } {
  let now = 0;
  const rates = new Rates(() => now);
  let last = status(0n, 10_000n);
  for (let number = 0; number < samples; number++) {
    now = number * 10_000;
    last = status(BigInt(number) * 100n, 10_000n + BigInt(number) * 20n);
    rates.add(new Map([['default', last.head!]]), [last]);
  }
  return { rates, last };
}

describe('Rates of the last hour', () => {
  it('tell appends per second and how many facts a projection was behind', () => {
    const { rates, last } = sampled(3);
    expect(rates.appends('default')).toEqual([
      { ago: 10_000, value: 2 },
      { ago: 0, value: 2 },
    ]);
    expect(rates.behind(last).map(({ value }) => value)).toEqual([10_000, 9_920, 9_840]);
    expect(rates.appends('another')).toEqual([]);
  });

  it('tell the time left at the pace of the last minute, and none without a pace', () => {
    const { rates, last } = sampled(7);
    // 80 facts nearer in each 10 s.
    expect(rates.timeLeft(last)).toBe((Number(last.lag) / 8) * 1_000);
    expect(sampled(1).rates.timeLeft(status(0n, 10n))).toBeNull();
    expect(rates.timeLeft(status(0n, 90_000n))).toBeNull();
  });

  it('forget what is older than an hour', () => {
    const { rates, last } = sampled(1_000);
    const points = rates.behind(last);
    expect(points).toHaveLength(361);
    expect(points[0]!.ago).toBe(3_600_000);
  });

  it('count nothing where a log was cut', () => {
    let now = 0;
    const rates = new Rates(() => now);
    for (const head of [100n, 5n, 25n]) {
      rates.add(new Map([['default', head]]), []);
      now += 10_000;
    }
    expect(rates.appends('default').map(({ value }) => value)).toEqual([2]);
  });
});

describe('The page’s words', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [12 * 60_000 + 5_000, '12 min'],
    [90_000_000, '1 d 1 h'],
    [null, 'not known'],
  ])('say %s milliseconds as “%s”', (milliseconds, text) => {
    expect(span(milliseconds)).toBe(text);
  });

  it('set thousands apart, and know one from many', () => {
    expect(count(1_234_567n)).toBe('1,234,567');
    expect([some(1, 'fact'), some(2n, 'fact')]).toEqual(['1 fact', '2 facts']);
    expect(moment('2026-11-28T06:50:15.840Z')).toBe('2026-11-28 06:50:15 UTC');
    expect(moment('never')).toBe('never');
  });
});
