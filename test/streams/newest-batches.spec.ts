import { describe, expect, it } from '@jest/globals';
import type { CommittedBatch, FactMark } from '../../lib/streams/log-source.js';
import { NewestBatches } from '../../lib/streams/reader/newest-batches.js';

/** As many facts as are kept. */
const KEPT = 500;

function fact(number: number, log = 'a'): FactMark & { payload: unknown } {
  const occurred_at = '2030-01-01T00:00:00Z';
  return { sequence_number: BigInt(number), occurred_at, event_type: 'noted', payload: { log } };
}

/** Batches of these sizes, one after the other, after a number. */
function batchesAfter(number: number, sizes: readonly number[], log = 'a'): CommittedBatch[] {
  return sizes.map((size) => {
    const event_records = Array.from({ length: size }, (_, n) => fact(number + n + 1, log));
    const first_sequence_number = BigInt(number + 1);
    number += size;
    return { first_sequence_number, last_sequence_number: BigInt(number), event_records };
  });
}

function numbers(facts: readonly FactMark[]): string {
  return facts.map(({ sequence_number }) => sequence_number).join();
}

function shape(
  page: { at: FactMark | null; batches: readonly CommittedBatch[] } | undefined,
): string | undefined {
  if (page === undefined) return undefined;
  const batches = page.batches.map(({ event_records }) => numbers(event_records));
  return [page.at?.sequence_number, ...batches].join(' ');
}

/** What is to be kept of such a log, as one would say it. */
class Model {
  batches: CommittedBatch[] = [];
  begin = 0;

  add(sizes: readonly number[]): void {
    this.batches.push(...batchesAfter(this.end, sizes));
    const count = (): number => this.end - this.begin;
    while (count() > KEPT && this.batches.length > 1) {
      this.begin = Number(this.batches.shift()!.last_sequence_number);
    }
  }

  get end(): number {
    return Number(this.batches.at(-1)?.last_sequence_number ?? this.begin);
  }

  /** Those where something changes, and those beside them. */
  get places(): number[] {
    const ends = this.batches.slice(-4).map((batch) => Number(batch.last_sequence_number));
    return [0, 1, 2, this.begin, ...ends].flatMap((place) => [place - 1, place, place + 1]);
  }

  after(position: number): { at: FactMark | null; batches: CommittedBatch[] } | undefined {
    if (position < this.begin || position >= this.end) return undefined;
    const batches = this.batches.filter((batch) => batch.last_sequence_number > position);
    return { at: position === 0 ? null : fact(position), batches };
  }
}

describe('The newest batches', () => {
  it.each([
    ['of one fact each', [[1], [1], [1]]],
    ['one below their number', [[KEPT - 1], [1], [1]]],
    ['one below it behind another', [[1], [KEPT - 1], [1]]],
    ['two that make it and one more', [[1, 1], [KEPT - 2], [2]]],
    ['as large as it, and larger', [[KEPT], [1], [KEPT], [KEPT + 1], [1]]],
    ['larger than it at first', [[KEPT + 1], [1], [2]]],
    [
      'several at a time',
      [
        [3, 2, KEPT - 6, 1],
        [1, 1],
        [2, KEPT],
      ],
    ],
    ['as many as facts are kept', [Array<number>(KEPT).fill(1), [1], [2], [1]]],
    ['a large one between small ones', [[2, 1_200, 3], [], [1]]],
  ])('are kept up to their number, and found after each position: %s', (_, rounds) => {
    const newest = new NewestBatches();
    const model = new Model();
    newest.add(0n, { at: null, batches: [] });
    for (const sizes of rounds) {
      newest.add(newest.end!, { at: newest.last, batches: batchesAfter(model.end, sizes) });
      model.add(sizes);
      expect(newest.end).toBe(BigInt(model.end));
      expect(newest.last).toEqual(fact(model.end));
      const first = model.begin === 0 ? [] : [fact(model.begin)];
      const records = model.batches.flatMap(({ event_records }) => event_records);
      expect(numbers(newest.facts())).toBe(numbers([...first, ...records]));
      for (const place of model.places) {
        if (place < 0) continue;
        expect([place, shape(newest.after(BigInt(place)))]).toEqual([
          place,
          shape(model.after(place)),
        ]);
      }
    }
  });

  it('are none until something is known, and none when they are cleared', () => {
    const newest = new NewestBatches();
    const isEmpty = (): void => {
      expect([newest.end, newest.last, newest.facts()]).toEqual([undefined, null, []]);
      expect(newest.after(0n)).toBeUndefined();
    };
    isEmpty();
    newest.add(4n, { at: fact(4), batches: batchesAfter(4, [2]) });
    expect(newest.end).toBe(6n);
    newest.clear();
    isEmpty();
    // What was dropped is not counted any more.
    newest.add(0n, { at: null, batches: batchesAfter(0, [KEPT - 1, 1]) });
    expect(newest.after(0n)!.batches).toHaveLength(2);
  });

  it('keep nothing of what was read where no fact is', () => {
    const newest = new NewestBatches();
    newest.add(3n, { at: null, batches: batchesAfter(3, [1]) });
    expect(newest.end).toBeUndefined();
    newest.add(3n, { at: fact(3), batches: [] });
    expect([newest.end, newest.last]).toEqual([3n, fact(3)]);
    expect(newest.after(3n)).toBeUndefined();
  });

  it('take no gap: what was read further on takes the place of what was kept', () => {
    const newest = new NewestBatches();
    newest.add(0n, { at: null, batches: batchesAfter(0, [2, 2]) });
    // Known already, whole or in part.
    newest.add(0n, { at: null, batches: batchesAfter(0, [2]) });
    newest.add(2n, { at: fact(2), batches: batchesAfter(2, [2]) });
    newest.add(1n, { at: fact(1), batches: [] });
    expect(newest.after(0n)!.batches).toEqual(batchesAfter(0, [2, 2]));
    // One that begins before their end, and goes on behind it.
    newest.add(2n, { at: fact(2), batches: batchesAfter(2, [2, 3]) });
    expect(newest.after(0n)).toBeUndefined();
    expect(newest.after(2n)).toEqual({ at: fact(2), batches: batchesAfter(2, [2, 3]) });
    // So does the whole of it, where that is read once more with what follows.
    newest.add(2n, { at: fact(2), batches: batchesAfter(2, [2, 3, 1]) });
    expect(newest.end).toBe(8n);
    newest.add(2n, { at: fact(2), batches: batchesAfter(2, [7]) });
    expect(newest.end).toBe(9n);
    newest.clear();
    newest.add(2n, { at: fact(2), batches: batchesAfter(2, [2, 3]) });
    // One that begins one fact behind it.
    newest.add(8n, { at: fact(8), batches: batchesAfter(8, [1]) });
    expect(newest.after(2n)).toBeUndefined();
    expect(newest.after(8n)).toEqual({ at: fact(8), batches: batchesAfter(8, [1]) });
  });

  describe('fit to what was read', () => {
    const kept = (): NewestBatches => {
      const newest = new NewestBatches();
      newest.add(2n, { at: fact(2), batches: batchesAfter(2, [2, 1, 3]) });
      return newest;
    };

    it('when the newest fact that both have is the same', () => {
      for (let after = 0; after <= 10; after++) {
        for (const sizes of [[], [1], [2, 2], [1, 9], [12]]) {
          const page = {
            at: after === 0 ? null : fact(after),
            batches: batchesAfter(after, sizes),
          };
          expect([after, sizes, kept().fits(BigInt(after), page)]).toEqual([after, sizes, true]);
        }
      }
    });

    it('not when it is another one, wherever that is', () => {
      for (let after = 2; after <= 8; after++) {
        for (const sizes of [[], [1], [2, 2], [1, 9], [12]]) {
          const page = { at: fact(after, 'b'), batches: batchesAfter(after, sizes, 'b') };
          expect([after, sizes, kept().fits(BigInt(after), page)]).toEqual([after, sizes, false]);
        }
        // Nothing is there any more.
        expect(kept().fits(BigInt(after), { at: null, batches: [] })).toBe(false);
      }
    });

    it('not when they part behind the fact that was read with it', () => {
      for (const sizes of [[1], [1, 1], [1, 1, 1]]) {
        const page = { at: fact(4), batches: batchesAfter(4, sizes, 'b') };
        expect([sizes, kept().fits(4n, page)]).toEqual([sizes, false]);
      }
    });

    it('when there is none that both have', () => {
      const page = { at: fact(1, 'b'), batches: [] };
      expect(kept().fits(1n, page)).toBe(true);
      expect(kept().fits(9n, { at: fact(9, 'b'), batches: batchesAfter(9, [1], 'b') })).toBe(true);
      expect(new NewestBatches().fits(1n, page)).toBe(true);
      expect(kept().fits(0n, { at: null, batches: [] })).toBe(true);
    });
  });
});
