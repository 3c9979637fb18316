import { describe, expect, it } from '@jest/globals';
import type { Rule } from '../support/history/checker.js';
import {
  a,
  append,
  appended,
  asked,
  b,
  c,
  conflict,
  decided,
  delivered,
  facts,
  inCart,
  indeterminate,
  log,
  logOf,
  made,
  rulesBroken,
  writes,
} from './support/made.js';
import type { Given } from './support/made.js';

describe('The history checker refuses, of what was read and delivered,', () => {
  const wrong: [what: string, rules: Rule[], history: Given][] = [
    [
      'a conflict with what was expected',
      ['a conflict was one'],
      { calls: [...writes, decided(facts('d'), 7, 4, conflict(4, 4), [40])], log },
    ],
    [
      'a conflict about another version than was asked',
      ['a conflict was one'],
      { calls: [...writes, decided(facts('d'), 7, 2, conflict(1, 4), [40])], log },
    ],
    [
      'a conflict with a version that never was',
      ['a conflict was one'],
      { calls: [...writes, decided(facts('d'), 7, null, conflict(null, 3), [0, 40])], log },
    ],
    [
      'a conflict with the past',
      ['a conflict was one'],
      { calls: [...writes, decided(facts('d'), 7, null, conflict(null, 2), [31])], log },
    ],
    [
      'a conflict with the future',
      ['a conflict was one'],
      { calls: [...writes, decided(facts('d'), 7, 2, conflict(2, 4), [11, 20])], log },
    ],
    [
      'a conflict with one’s own id',
      ['a conflict was one'],
      {
        calls: [appended(a, 1, [0], 'id'), decided(a, 7, null, conflict(null, 2), [2], 'id')],
        log: logOf(a),
      },
    ],
    [
      'a stale answer',
      ['answers are prefixes'],
      { calls: [...writes, asked(inCart(7), log.slice(0, 2), 2, [31])], log },
    ],
    [
      'an answer that knows the future',
      ['answers are prefixes'],
      { calls: [...writes, asked(inCart(7), [log[0]!, log[1]!, log[3]!], 4, [11, 20])], log },
    ],
    [
      'an answer that sees half a batch',
      ['answers are prefixes'],
      { calls: [...writes, asked(inCart(7), log.slice(0, 1), 1, [0, 40])], log },
    ],
    [
      'an answer that goes back behind another',
      ['answers are prefixes'],
      {
        calls: [
          appended(b, 1, [0, 90]),
          asked({}, logOf(b), 1, [10, 20]),
          asked({}, [], null, [30, 40]),
        ],
        log: logOf(b),
      },
    ],
    [
      'rows and version of two moments',
      ['answers are prefixes'],
      { calls: [...writes, asked(inCart(7), log.slice(0, 2), 4, [0, 40])], log },
    ],
    [
      'a row too few',
      ['answers are prefixes'],
      { calls: [...writes, asked(inCart(7), [log[0]!, log[3]!], 4, [0, 40])], log },
    ],
    [
      'a read cursor that narrows the version',
      ['answers are prefixes'],
      { calls: [...writes, asked({ ...inCart(7), min_sequence_number: 4 }, [], null, [40])], log },
    ],
    [
      'rows with another content',
      ['answers are prefixes'],
      {
        calls: [...writes, asked(inCart(8), [{ ...log[2]!, payload: { changed: true } }], 3, [40])],
        log,
      },
    ],
    [
      'an id with two ranges',
      ['appends happen once', 'an id has one range'],
      {
        calls: [made(append(b, 'id'), indeterminate, [0]), appended(b, 2, [2], 'id')],
        log: logOf(b, b),
      },
    ],
    [
      'an id with two answers',
      ['acknowledged facts are there'],
      {
        calls: [appended(b, 1, [0], 'id'), appended(c, 2, [2]), appended(b, 3, [4], 'id')],
        log: logOf(b, c),
      },
    ],
    [
      'an id with other facts',
      ['an id has one range'],
      { calls: [appended(b, 1, [0], 'id'), appended(c, 2, [2], 'id')], log: logOf(b, c) },
    ],
    [
      'an id that is called reused and was not',
      ['a reused id was used'],
      {
        calls: [
          made(append(b, 'id'), { kind: 'refused', code: 'APPEND_ID_REUSED' }, [0]),
          appended(c, 1, [5], 'id'),
        ],
        log: logOf(c),
      },
    ],
    [
      'a batch in two deliveries',
      ['deliveries are batches', 'deliveries are batches', 'deliveries are complete'],
      delivered([[1], [2], [3], [4]]),
    ],
    [
      'two batches in one delivery',
      ['deliveries are batches', 'deliveries are complete'],
      delivered([
        [1, 2],
        [3, 4],
      ]),
    ],
    [
      'facts that do not match',
      ['deliveries are batches'],
      delivered([[1, 2], [3], [4]], inCart(7)),
    ],
    ['a duplicate', ['deliveries ascend'], delivered([[1, 2], [3], [3], [4]])],
    [
      'a step back',
      ['deliveries are complete', 'deliveries ascend', 'deliveries are complete'],
      delivered([[1, 2], [4], [3]]),
    ],
    ['a batch left out', ['deliveries are complete'], delivered([[1, 2], [4]])],
    ['a batch left out at the beginning', ['deliveries are complete'], delivered([[3], [4]])],
    ['a batch left out at the end', ['deliveries are complete'], delivered([[1, 2], [3]])],
    ['a stream without a delivery', ['deliveries are complete'], delivered([])],
    [
      'a live stream that begins too early',
      ['deliveries ascend'],
      {
        calls: writes,
        log,
        deliveries: [{ name: 's', query: {}, after: [2, 3], runs: [[[1, 2], [3], [4]]] }],
      },
    ],
    [
      'a live stream that begins too late',
      ['deliveries are complete'],
      {
        calls: writes,
        log,
        deliveries: [{ name: 's', query: {}, after: [0, 2], runs: [[[4]]] }],
      },
    ],
    [
      'a repetition across registrations where none may be',
      ['deliveries ascend'],
      {
        calls: writes,
        log,
        deliveries: [
          {
            name: 's',
            query: {},
            after: 0,
            runs: [
              [[1, 2], [3]],
              [[3], [4]],
            ],
          },
        ],
      },
    ],
    [
      'more repetitions than a crash makes',
      ['deliveries ascend'],
      {
        calls: writes,
        log,
        deliveries: [
          {
            name: 's',
            query: {},
            after: 0,
            mayRepeat: 1,
            runs: [
              [[1, 2], [3]],
              [[1, 2], [3], [4]],
            ],
          },
        ],
      },
    ],
  ];
  it.each(wrong)('%s', (_, rules, history) => {
    expect(rulesBroken(history)).toEqual(rules);
  });
});
