import { describe, expect, it } from '@jest/globals';
import { checkHistory } from '../support/history/checker.js';
import type { Rule } from '../support/history/checker.js';
import {
  a,
  append,
  appended,
  b,
  c,
  committed,
  conflict,
  decided,
  facts,
  indeterminate,
  logOf,
  made,
  refused,
  rulesBroken,
} from './support/made.js';
import type { Given } from './support/made.js';

describe('The history checker refuses, of what was written,', () => {
  const wrong: [what: string, rules: Rule[], history: Given][] = [
    [
      'a gap',
      ['numbers are dense'],
      {
        calls: [appended(facts('x'), 1, [0]), appended(facts('y'), 3, [2])],
        log: [
          { ...facts('x')[0]!, sequence_number: 1 },
          { ...facts('y')[0]!, sequence_number: 3 },
        ],
      },
    ],
    ['a fact that nobody appended', ['nobody else writes'], { calls: [], log: logOf(b) }],
    [
      'an acknowledged fact that is lost',
      ['acknowledged facts are there'],
      { calls: [appended(b, 1, [0])], log: [] },
    ],
    [
      'an acknowledged fact that was changed',
      ['nobody else writes', 'acknowledged facts are there'],
      { calls: [appended(b, 1, [0])], log: logOf([{ ...b[0]!, event_type: 'changed' }]) },
    ],
    [
      'an acknowledged fact at another number',
      ['acknowledged facts are there'],
      { calls: [appended(b, 2, [0]), made(append(c), undefined, [0])], log: logOf(b, c) },
    ],
    [
      'an acknowledged count that is not the append’s',
      ['acknowledged facts are there'],
      { calls: [made(append(a), committed(1, 1), [0])], log: logOf(a) },
    ],
    [
      'half of an indeterminate append',
      ['appends are whole'],
      { calls: [made(append(a), indeterminate, [0])], log: logOf(a.slice(0, 1)) },
    ],
    [
      'an append with another inside it',
      ['acknowledged facts are there', 'appends are whole'],
      {
        calls: [appended(a, 1, [0, 9]), appended(b, 2, [0, 9], 'x')],
        log: logOf(a.slice(0, 1), b, a.slice(1)),
      },
    ],
    [
      'an append that happened twice',
      ['appends happen once'],
      { calls: [appended(b, 1, [0])], log: logOf(b, b) },
    ],
    [
      'a failed append that left its facts',
      ['failed appends leave nothing'],
      { calls: [made(append(b), refused, [0])], log: logOf(b) },
    ],
    [
      'a conflict that left its facts',
      ['failed appends leave nothing'],
      {
        calls: [appended(c, 1, [0]), decided(b, 7, null, conflict(null, 1), [2, 3])],
        log: logOf(c, b),
      },
    ],
    [
      'an append without its row',
      ['batches are whole'],
      { calls: [appended(a, 1, [0])], log: logOf(a), batches: [] },
    ],
    [
      'a row that is no append',
      ['batches are whole'],
      { calls: [appended(b, 1, [0]), appended(c, 2, [2])], log: logOf(b, c), batches: [[1, 2]] },
    ],
    [
      'an append that overtook an earlier one',
      ['real-time order'],
      {
        calls: [appended(b, 2, [0, 1]), { ...appended(c, 1, [5, 6]), client: 'two' }],
        log: logOf(c, b),
      },
    ],
    [
      'appends of one client out of call order',
      ['call order'],
      { calls: [appended(b, 2, [0, 9]), appended(c, 1, [1, 9])], log: logOf(c, b) },
    ],
    [
      'a success on a changed context',
      ['a condition held'],
      { calls: [appended(a, 1, [0]), decided(c, 7, null, committed(3), [1, 9])], log: logOf(a, c) },
    ],
    [
      'an unanswered success on a changed context',
      ['a condition held'],
      { calls: [appended(a, 1, [0]), decided(c, 7, null, undefined, [1])], log: logOf(a, c) },
    ],
    [
      'two winners of one version',
      ['a condition held'],
      {
        calls: [
          decided(a, 7, null, committed(1, 2), [0, 9]),
          decided(c, 7, null, committed(3), [1, 9]),
        ],
        log: logOf(a, c),
      },
    ],
  ];
  it.each(wrong)('%s', (_, rules, history) => {
    expect(rulesBroken(history)).toEqual(rules);
  });

  it('a history in which two appends cannot be told apart', () => {
    const calls = [appended(b, 1, [0]), appended(b, 2, [2])];
    expect(() => checkHistory({ calls, log: logOf(b, b) })).toThrow('share a fact');
  });
});
