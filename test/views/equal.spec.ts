import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WHOLE_CONTEXT, preparePage } from '../../lib/contract/query-page.js';
import type { FollowedGroup, LogView } from '../../lib/streams/log-view.js';
import { batchesOf, plain } from './support/contents.js';
import { queryOf } from './support/groups.js';
import { NaiveView } from './support/naive-view.js';
import { RandomGroups } from './support/random-groups.js';
import { RETENTION, TestViews } from './support/views.js';

const SEEDS = [1, 2, 3, 4];
const GROUPS = 100;

interface Followed {
  readonly view: LogView;
  /** How many groups it applies in a call; `undefined`: as chance has it. */
  readonly cut: number | undefined;
  readonly outcomes: unknown[];
  readonly waiting: FollowedGroup[];
}

describe('Views that were given the same groups', () => {
  let views: TestViews;

  beforeEach(() => {
    views = new TestViews();
  });

  afterEach(() => views.dispose());

  it.each(SEEDS)('are equal, in memory or in a file, however they were cut (seed %i)', (seed) => {
    const naive = new NaiveView(RETENTION);
    const random = new RandomGroups(seed);
    const { material } = random;
    const all: Followed[] = [
      { view: views.open('memory'), cut: 1, outcomes: [], waiting: [] },
      { view: views.open('sqlite'), cut: 1, outcomes: [], waiting: [] },
      { view: views.open('memory'), cut: GROUPS, outcomes: [], waiting: [] },
      { view: views.open('sqlite'), cut: GROUPS, outcomes: [], waiting: [] },
      { view: views.open('sqlite', 'again.sqlite'), cut: undefined, outcomes: [], waiting: [] },
    ];
    const expected: unknown[] = [];
    let last!: FollowedGroup;
    for (let n = 1; n <= GROUPS; n++) {
      last = random.next(BigInt(naive.facts.length));
      expected.push(...plain(naive.apply([last])));
      for (const [index, followed] of all.entries()) {
        followed.waiting.push(last);
        const cut = followed.cut ?? 1 + material.below(9);
        if (followed.waiting.length < cut && n < GROUPS) continue;
        const groups = followed.waiting.splice(0);
        followed.outcomes.push(...plain(followed.view.apply(groups, `after ${n}`)));
        // Closed and opened again, it goes on as if it had not been.
        if (followed.cut !== undefined || material.below(6) > 0) continue;
        followed.view.close();
        all[index] = { ...followed, view: views.open('sqlite', 'again.sqlite') };
      }
    }

    // All of it happened: repeated names, verdicts of every kind.
    expect(expected).toContain(null);
    expect(naive.facts.length).toBeGreaterThan(GROUPS);
    const numbers = naive.facts.map(({ sequence_number }) => sequence_number);
    const [first] = all;
    for (const { view, outcomes } of all) {
      expect(outcomes).toEqual(expected);
      expect(view.note()).toBe(`after ${GROUPS}`);
      expect(view.head()).toBe(BigInt(naive.facts.length));
      const batches = batchesOf(view);
      expect(batches.flatMap(({ event_records }) => event_records)).toEqual(naive.facts);
      expect(batches.map(({ first_sequence_number }) => first_sequence_number)).toEqual(
        naive.batches,
      );
      expect(view.metadata.of(numbers)).toEqual(first!.view.metadata.of(numbers));
      expect(view.metadata.causedBy(numbers, 50)).toEqual(
        first!.view.metadata.causedBy(numbers, 50),
      );
      for (let id = 0; id < 12; id++) {
        for (const at of [0, 1, RETENTION / 2, RETENTION - 1, RETENTION]) {
          const known = view.recorded(`id-${id}`, last.at + at);
          expect(known).toEqual(naive.recorded(`id-${id}`, last.at + at));
        }
      }
      for (const asked of material.queries) {
        const query = queryOf(asked);
        expect(view.version(query)).toBe(naive.version(query));
        for (const page of [WHOLE_CONTEXT, preparePage({ limit: 3, order: 'desc' })]) {
          expect(view.read(query, page)).toEqual(first!.view.read(query, page));
        }
      }
    }
  });
});
