import { describe, expect, it } from '@jest/globals';
import { timeAfter } from '../../lib/stores/sqlite/append/appender.js';

const now = new Date('2026-11-24T08:09:42.870Z');

describe('A fact’s time', () => {
  it.each([
    ['there is no fact before it', undefined],
    ['the fact before it is older', '2026-11-24T08:09:42.869999999Z'],
    ['the clock was set back since', '2026-11-24T09:00:00.000000001Z'],
    ['the fact before it has no readable time', 'yesterday'],
  ])('is the clock’s when %s', (_, before) => {
    expect(timeAfter(before, now)).toBe('2026-11-24T08:09:42.870Z');
  });

  it.each(['2026-11-24T08:09:42.870000001Z', '2026-11-24T08:09:42.870999999Z'])(
    'is not before FACTSTR’s of the same millisecond (%s)',
    (before) => {
      expect(timeAfter(before, now)).toBe(before);
    },
  );
});
