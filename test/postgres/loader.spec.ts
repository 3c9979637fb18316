import { describe, expect, it } from '@jest/globals';
import { Loader } from '../../lib/support/async/loader.js';
import { upTo } from '../support/facts/facts.js';
import { settle } from '../support/waiting/until.js';

/** Reads squares, when it is told to. */
class Squares {
  readonly reads: { keys: readonly number[]; answer: (error?: Error) => void }[] = [];
  readonly loader = new Loader<number, number>(
    (keys) =>
      new Promise((resolve, reject) => {
        const answer = (error?: Error): void =>
          error ? reject(error) : resolve(new Map(keys.map((key) => [key, key * key])));
        this.reads.push({ keys, answer });
      }),
  );
}

describe('A loader', () => {
  it('reads together what is asked for at the same time, each key once', async () => {
    const { loader, reads } = new Squares();
    const both = Promise.all([loader.load([1, 2]), loader.load([2, 3])]);
    await settle();
    expect(reads.map(({ keys }) => keys)).toEqual([[1, 2, 3]]);
    reads[0]!.answer();
    const [left, right] = await both;
    expect([left.get(1), left.get(2), right.get(2), right.get(3)]).toEqual([1, 4, 4, 9]);
  });

  it('has two reads under way at most, and collects meanwhile', async () => {
    const { loader, reads } = new Squares();
    const all: Promise<unknown>[] = [];
    for (let key = 1; key <= 5; key++) {
      all.push(loader.load([key]));
      await settle();
    }
    expect(reads.map(({ keys }) => keys)).toEqual([[1], [2]]);
    reads[1]!.answer();
    await settle();
    expect(reads.map(({ keys }) => keys)).toEqual([[1], [2], [3, 4, 5]]);
    reads[0]!.answer();
    reads[2]!.answer();
    await Promise.all(all);
  });

  it('splits what is too much for one read, but no request', async () => {
    const { loader, reads } = new Squares();
    const request = (first: number): number[] => Array.from({ length: 600 }, (_, n) => first + n);
    const all = [0, 1_000, 2_000].map((first) => loader.load(request(first)));
    await settle();
    expect(reads.map(({ keys }) => keys.length)).toEqual([1_200, 600]);
    for (const { answer } of reads) answer();
    const found = await Promise.all(all);
    expect(found.map((map) => map.has(2_599))).toEqual([false, false, true]);
  });

  it.each([
    [499, 3],
    [500, 2],
    [501, 2],
    [333, 4],
    [334, 3],
  ])(
    'reads at most a request more than a thousand keys together: of %d each',
    async (size, count) => {
      const { loader, reads } = new Squares();
      const all = upTo(5).map((n) => loader.load(upTo(size).map((key) => n * 1_000 + key)));
      await settle();
      // As many as have a thousand together, the last of them included.
      expect(reads[0]!.keys.length).toBe(count * size);
      while (reads.length > 0) {
        reads.shift()!.answer();
        await settle();
      }
      await Promise.all(all);
    },
  );

  it('tells a failure to those whose keys were read, and goes on', async () => {
    const { loader, reads } = new Squares();
    const failing = [loader.load([1]), loader.load([2])];
    const told = Promise.allSettled(failing);
    await settle();
    reads[0]!.answer(new Error('no'));
    expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = loader.load([3]);
    await settle();
    reads[1]!.answer();
    expect((await next).get(3)).toBe(9);
  });
});
