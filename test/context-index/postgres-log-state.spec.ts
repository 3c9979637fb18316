import { describe, expect, it } from '@jest/globals';
import { logStateStatement, readLogState } from '../../lib/stores/postgres/index/log-state.js';

const NO_FACT = [null, null, null, null];

describe('The answer to what was committed since', () => {
  it('is of an empty log', () => {
    expect(readLogState([['0', null, null, null, ...NO_FACT]], 0)).toEqual({
      head: 0n,
      headAt: '',
      knownAt: null,
      newestId: null,
      facts: [],
    });
  });

  it('has the facts with the sizes of their payloads, but not the large ones', () => {
    const head = ['4', '77', '1.5', '0.5'];
    const rows = [
      [...head, '3', '1', 'a', '{"n": 1}'],
      [...head, '4', '1.5', 'b', null],
    ];
    expect(readLogState(rows, 2)).toEqual({
      head: 4n,
      headAt: '1.5',
      knownAt: '0.5',
      newestId: 77,
      facts: [
        { number: 3, at: '1', event_type: 'a', payload: { n: 1 }, size: '{"n": 1}'.length },
        { number: 4, at: '1.5', event_type: 'b', payload: undefined, size: 0 },
      ],
    });
  });

  it.each([
    ['too many', 9_000, 3, null],
    ['none', 3, 3, []],
    ['none, being of a shorter log', 2, 3, []],
  ])('has %s facts', (_, head, after, facts) => {
    const row = [String(head), null, '1.5', null, ...NO_FACT];
    expect(readLogState([row], after).facts).toEqual(facts);
  });

  it('is asked for by statements that are prepared under names of their own', () => {
    const names = [true, false].flatMap((hasIndex) =>
      ['16384', '16385'].map(
        (log) => logStateStatement({ schema: '"public"', log, hasIndex }, 7).name,
      ),
    );
    expect(new Set(names).size).toBe(4);
  });
});
