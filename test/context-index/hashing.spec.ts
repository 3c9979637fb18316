import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BloomFilter } from '../../lib/context-index/segments/bloom-filter.js';
import {
  countBelow,
  entryOf,
  mergeEntries,
  shiftEntries,
} from '../../lib/context-index/segments/entries.js';
import { checksum, hashNumber, hashText, mix } from '../../lib/context-index/terms/hashing.js';
import { TermFilter } from '../../lib/context-index/terms/term-filter.js';

/** Terms at the ends of their 32 bits, and of the bits that filters and shards look at. */
const EDGES = [0, 1, 31, 32, 2 ** 14 - 1, 2 ** 14, 2 ** 18 - 1, 2 ** 18, 2 ** 24 - 1, 2 ** 24];
const TERMS = [...EDGES, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 2, 2 ** 32 - 1];
const term = fc.oneof(fc.constantFrom(...TERMS), fc.nat(2 ** 32 - 1));

/** Stored by former versions: where one of these fails, the tables need another name. */
describe('The hashes of the stored index', () => {
  it('of two numbers have stayed what they were', () => {
    expect([mix(0, 0), mix(0, 1), mix(1, 0), mix(7, 0xffffffff), mix(0x90abcdef, 12)]).toEqual([
      0, 1_753_845_952, 520_022_130, 109_917_453, 2_611_147_373,
    ]);
  });

  it('of texts have stayed what they were, by their characters', () => {
    const texts = ['', 'a', 'ab', 'ba', 'größe', '日本語', '\u{1f600}', '\0', 'x'.repeat(300)];
    expect(texts.map((text) => hashText(0x510e527f, text))).toEqual([
      1_075_185_602, 1_062_509_091, 1_284_679_702, 8_925_502, 725_529_807, 2_434_063_426,
      4_035_510_994, 1_794_440_348, 3_107_114_786,
    ]);
    expect(hashText(1, 'a')).not.toBe(hashText(2, 'a'));
  });

  it('of numbers have stayed what they were, at the cut between whole ones and others', () => {
    const numbers = [
      0,
      1,
      -1,
      0.5,
      -0.5,
      2 ** 31 - 1,
      2 ** 31,
      -(2 ** 31),
      -(2 ** 31) - 1,
      2 ** 32,
      1e300,
      5e-324,
    ];
    const hashes = numbers.map((number) => hashNumber(0x1f83d9ab, number));
    expect(hashes).toEqual([
      3_933_830_948, 2_777_869_163, 3_938_795_326, 1_485_483_385, 3_751_567_582, 4_148_954_734,
      294_710_992, 1_628_870_586, 4_277_252_018, 3_599_008_106, 508_513_779, 3_444_568_064,
    ]);
    expect(new Set(hashes).size).toBe(numbers.length);
    expect(hashNumber(3, -0)).toBe(hashNumber(3, 0));
    expect(hashNumber(4, 0.5)).not.toBe(hashNumber(3, 0.5));
  });

  it('of bytes have stayed what they were, at each width', () => {
    const words = Uint32Array.of(1, 0x80000000, 0xffffffff, 0, 0);
    const sums = [0, 1, 2, 3, 4, 5].map((count) => checksum(9, words.subarray(0, count)));
    expect(sums).toEqual([
      1_692_179_540, 96_697_249, 2_008_628_398, 3_079_907_878, 2_756_886_510, 3_635_707_763,
    ]);
    expect(checksum(9, Float64Array.of(1.5, -2))).toBe(
      checksum(9, new Uint32Array(Float64Array.of(1.5, -2).buffer)),
    );
    expect(new Set(sums).size).toBe(6);
    // Of another place in memory, the same.
    expect(checksum(9, words.subarray(1, 3))).toBe(checksum(9, words.slice(1, 3)));
  });
});

describe('A filter of terms', () => {
  it('knows each of its terms, however few or many they are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(term, { maxLength: 40 }), (terms) => {
        const sorted = Float64Array.from(terms, (one) => entryOf(one, 3)).sort();
        const stored = BloomFilter.of(sorted);
        expect(stored.words).toHaveLength(Math.ceil(terms.length / 2));
        const read = new BloomFilter(stored.words.slice());
        const tail = new TermFilter();
        for (const one of terms) tail.add(one);
        for (const one of terms) {
          expect([stored.mayHave(one), read.mayHave(one), tail.mayHave(one)]).toEqual([
            true,
            true,
            true,
          ]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('that is stored counts a term once, however many facts have it', () => {
    for (const one of TERMS) {
      const facts = Float64Array.from({ length: 700 }, (_, n) => entryOf(one, n));
      const filter = BloomFilter.of(facts);
      expect(filter.words).toHaveLength(1);
      expect(filter.mayHave(one)).toBe(true);
      // Four bits at most: nearly every other term is known to be absent.
      const strangers = Array.from({ length: 400 }, (_, n) => mix(5, n)).filter((other) =>
        filter.mayHave(other),
      );
      expect(strangers.length).toBeLessThan(8);
    }
  });

  it('that is stored takes one stranger in four hundred for its own', () => {
    const terms = Array.from({ length: 4_000 }, (_, n) => mix(1, n));
    const filter = BloomFilter.of(Float64Array.from(terms, (one) => entryOf(one, 7)).sort());
    const strangers = Array.from({ length: 40_000 }, (_, n) => mix(2, n));
    const taken = strangers.filter((one) => filter.mayHave(one)).length;
    expect(taken).toBeGreaterThan(20);
    expect(taken).toBeLessThan(200);
  });

  it('of a tail looks at the low and at the high bits of a term', () => {
    const filter = new TermFilter();
    expect(TERMS.some((one) => filter.mayHave(one))).toBe(false);
    const added = 0x12345678;
    filter.add(added);
    for (let bit = 0; bit < 32; bit++)
      expect(filter.mayHave((added ^ (1 << bit)) >>> 0)).toBe(false);
    expect(filter.mayHave(added)).toBe(true);
  });

  it('of a tail takes few strangers for its own while it has ten thousand', () => {
    const before = process.memoryUsage().arrayBuffers;
    const filter = new TermFilter();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    for (let n = 0; n < 10_000; n++) filter.add(mix(1, n));
    let strangers = 0;
    for (let n = 0; n < 10_000; n++) if (filter.mayHave(mix(2, n))) strangers++;
    expect(strangers).toBeLessThan(200);
  });
});

describe('Sorted entries', () => {
  const values = fc
    .array(fc.nat(12), { maxLength: 12 })
    .map((all) => Float64Array.from(all).sort());

  it('are counted up to a bound', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: -1, max: 13 }), (sorted, bound) => {
        expect(countBelow(sorted, bound)).toBe(sorted.filter((value) => value < bound).length);
      }),
      { numRuns: 300 },
    );
  });

  it('are moved together, in place', () => {
    const entries = Float64Array.of(entryOf(1, 0), entryOf(1, 5), entryOf(0xffffffff, 2));
    expect(shiftEntries(entries, 0)).toEqual(
      Float64Array.of(entryOf(1, 0), entryOf(1, 5), entryOf(0xffffffff, 2)),
    );
    expect(shiftEntries(entries, 9)).toEqual(
      Float64Array.of(entryOf(1, 9), entryOf(1, 14), entryOf(0xffffffff, 11)),
    );
    expect(entries[0]).toBe(entryOf(1, 9));
  });

  it('of no, of one and of empty lists are what they are', () => {
    const list = Float64Array.of(1, 2);
    const none = new Float64Array(0);
    expect(mergeEntries([])).toEqual(none);
    expect(mergeEntries([list])).toEqual(list);
    expect(mergeEntries([none, list, none])).toEqual(list);
    expect(mergeEntries([Float64Array.of(3), list, Float64Array.of(0, 9)])).toEqual(
      Float64Array.of(0, 1, 2, 3, 9),
    );
  });
});
