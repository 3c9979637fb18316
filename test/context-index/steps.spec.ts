import { describe, expect, it } from '@jest/globals';
import { segmentOf } from '../../lib/context-index/segments/segment.js';
import {
  needChunks,
  needFacts,
  needMatchables,
  needNewest,
  needRepair,
  needRows,
  needSoon,
  needTypes,
  runAnswered,
  runAnsweredSoon,
  runSteps,
  runStepsSoon,
} from '../../lib/context-index/steps.js';
import type { AsyncIndexStorage, IndexStorage, Steps } from '../../lib/context-index/steps.js';
import { prepared } from '../support/index/world.js';

const segment = segmentOf(
  { first: 1, last: 2, overflows: false, sorted: new Float64Array(0) },
  1,
  '',
);
const query = prepared({ filters: [{ event_types: ['a'] }] });
const fact = { event_type: 'a', payload: 1 };

/** Answers with what it was asked. */
const storage: IndexStorage<typeof fact> = {
  chunks: (_, from, to) => [Uint8Array.of(from, to)],
  facts: (numbers, whole) => numbers.map((number) => ({ event_type: `${whole}`, payload: number })),
  types: () => ['a', 'b'],
  repair: () => undefined,
  newest: (_, after, last) => after * 100 + last,
  rows: (_, ...asked) => [{ event_type: '', payload: asked }] as never,
};

const soon: AsyncIndexStorage<typeof fact> = { ...storage, soon: () => undefined };

/** One of each need. */
function* all(): Steps<unknown[]> {
  return [
    yield* needChunks(segment, 3, 4),
    yield* needSoon(() => [[segment, 0]]),
    yield* needFacts([5, 6]),
    yield* needMatchables([7]),
    yield* needTypes(),
    yield* needRepair(segment),
    yield* needNewest(query, 8, 9),
    yield* needRows(query, 10, 11, 12, true),
  ];
}

const answers = [
  [Uint8Array.of(3, 4)],
  undefined,
  [
    { event_type: 'true', payload: 5 },
    { event_type: 'true', payload: 6 },
  ],
  [{ event_type: 'false', payload: 7 }],
  ['a', 'b'],
  undefined,
  809,
  [{ event_type: '', payload: [10, 11, 12, true] }],
];

describe('The steps of a look-up', () => {
  it('are answered by a storage that is asked at once', () => {
    expect(runSteps(all(), storage)).toEqual(answers);
  });

  it('are answered at once as far as a storage has its answers at hand', () => {
    const places: unknown[] = [];
    const found = runStepsSoon(all(), { ...soon, soon: (ahead) => void places.push(...ahead) });
    expect(found).toEqual(answers);
    expect(places).toEqual([[segment, 0]]);
  });

  it.each(['chunks', 'facts', 'types', 'repair', 'newest', 'rows', 'soon'] as const)(
    'wait for %s that are not at hand, and go on',
    async (kind) => {
      const late = {
        ...soon,
        [kind]: async (...asked: never[]) =>
          (soon[kind] as (...asked: never[]) => unknown)(...asked),
      };
      const found = runStepsSoon(all(), late);
      expect(found).toBeInstanceOf(Promise);
      expect(await found).toEqual(answers);
    },
  );

  it('know nothing of what is read ahead where a storage is asked at once', () => {
    let called = false;
    function* ahead(): Steps<string> {
      yield* needSoon(() => {
        called = true;
        return [];
      });
      return 'done';
    }
    expect(runSteps(ahead(), storage)).toBe('done');
    expect(called).toBe(false);
    expect(runStepsSoon(ahead(), soon)).toBe('done');
    expect(called).toBe(true);
  });

  it('end with what their storage throws, at once or late', async () => {
    const failing = new Error('No answer.');
    const fail = (): never => {
      throw failing;
    };
    expect(() => runSteps(all(), { ...storage, types: fail })).toThrow(failing);
    expect(() => runStepsSoon(all(), { ...soon, types: fail })).toThrow(failing);
    const late = runStepsSoon(all(), { ...soon, facts: async () => fail() });
    await expect(late).rejects.toBe(failing);
  });

  it('may need nothing, or what is no look-up', async () => {
    function* nothing(): Generator<never, number, unknown> {
      yield* [];
      return 5;
    }
    expect(runAnswered(nothing(), () => undefined)).toBe(5);
    expect(runAnsweredSoon(nothing(), () => undefined)).toBe(5);
    function* sum(): Generator<number, number, unknown> {
      return ((yield 1) as number) + ((yield 2) as number) + ((yield 3) as number);
    }
    expect(runAnswered(sum(), (n) => n * 10)).toBe(60);
    expect(await runAnsweredSoon(sum(), (n) => (n === 1 ? n * 10 : Promise.resolve(n * 10)))).toBe(
      60,
    );
  });
});
