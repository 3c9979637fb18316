import { describe, expect, it } from '@jest/globals';
import { checkHistory, redeliveries } from '../support/history/checker.js';
import {
  a,
  append,
  appended,
  asked,
  b,
  c,
  committed,
  conflict,
  decided,
  facts,
  inCart,
  indeterminate,
  log,
  logOf,
  made,
  refused,
  writes,
} from './support/made.js';
import type { Given } from './support/made.js';

describe('The history checker accepts', () => {
  const right: [what: string, history: Given][] = [
    ['nothing at all', { calls: [], log: [] }],
    ['appends where they said they were', { calls: writes, log, batches: [[1, 2]] }],
    [
      'a row for each append',
      {
        calls: writes,
        log,
        batches: [
          [1, 2],
          [3, 3],
          [4, 4],
        ],
      },
    ],
    [
      'overlapping appends in either order',
      { calls: [appended(a, 2, [0, 10]), appended(b, 1, [5, 15], 'x')], log: logOf(b, a) },
    ],
    ['failed appends that left nothing', { calls: [made(append(a), refused, [0])], log: [] }],
    [
      'an indeterminate append that is there',
      { calls: [made(append(a), indeterminate, [0])], log: logOf(a) },
    ],
    [
      'an indeterminate append that is not',
      { calls: [made(append(a), indeterminate, [0])], log: [] },
    ],
    [
      'an unanswered append that is there',
      { calls: [made(append(a), undefined, [0])], log: logOf(a) },
    ],
    [
      'an indeterminate append that commits after its call',
      {
        calls: [made(append(a), indeterminate, [0, 1]), appended(b, 1, [5, 6])],
        log: logOf(b, a),
      },
    ],
    [
      'a repeated id with its original range',
      {
        calls: [
          decided(a, 7, null, indeterminate, [0], 'id'),
          appended(c, 3, [2, 3]),
          decided(a, 7, 1, committed(1, 2), [5], 'id'),
        ],
        log: logOf(a, c),
      },
    ],
    [
      'a conflict with an id that commits later',
      {
        calls: [
          appended(c, 1, [0]),
          decided(a, 7, null, conflict(null, 1), [2], 'id'),
          decided(a, 7, 1, committed(2, 2), [4], 'id'),
        ],
        log: logOf(c, a),
      },
    ],
    [
      'an id that was used for other facts',
      {
        calls: [
          appended(a, 1, [0], 'id'),
          made(append(b, 'id'), { kind: 'refused', code: 'APPEND_ID_REUSED' }, [2]),
        ],
        log: logOf(a),
      },
    ],
    [
      'an answer of any moment of its call',
      {
        calls: [
          ...writes,
          asked(inCart(7), [], null, [0, 30]),
          asked(inCart(7), log.slice(0, 2), 2, [5, 30]),
          asked(inCart(7), [log[0]!, log[1]!, log[3]!], 4, [25, 30]),
        ],
        log,
      },
    ],
    [
      'an answer after a read cursor',
      {
        calls: [...writes, asked({ ...inCart(7), min_sequence_number: 2 }, [log[3]!], 4, [40])],
        log,
      },
    ],
    [
      'a conflict that was one at some moment of its call',
      { calls: [...writes, decided(facts('d'), 7, 1, conflict(1, 2), [15, 25])], log },
    ],
    [
      'whole batches in order',
      {
        calls: writes,
        log,
        deliveries: [
          { name: 's', query: inCart(7), after: 0, runs: [[[1, 2], [4]]] },
          { name: 'resumed', query: {}, after: 0, runs: [[[1, 2]], [], [[3], [4]]] },
          { name: 'live', query: {}, after: [0, 3], runs: [[[3], [4]]] },
          { name: 'late', query: {}, after: [0, 4], runs: [] },
          { name: 'stopped', query: {}, after: 0, through: 2, runs: [[[1, 2]]] },
          {
            name: 'plain',
            query: {},
            after: 0,
            runs: [
              [[1, 2], [3]],
              [[3], [4]],
            ],
            mayRepeat: 1,
          },
        ],
      },
    ],
  ];
  it.each(right)('%s', (_, history) => {
    expect(checkHistory(history)).toEqual([]);
  });
});

it('says in words what is wrong', () => {
  const calls = [...writes, asked(inCart(7), log.slice(0, 2), 2, [31, 32])];
  expect(checkHistory({ calls, log })[0]?.explanation).toBe(
    'The query by one (31 to 32 µs) was answered (version 2): so the log had 2 to 3 facts. ' +
      'But it had at least 4 when the call began: they were acknowledged.',
  );
});

it('counts what was delivered again', () => {
  const stream = { name: 's', query: {}, after: 0, mayRepeat: 1 };
  expect(redeliveries({ ...stream, runs: [[[1, 2], [3]], [[3], [4]], [[4]]] })).toBe(2);
});
