import type { Equivalent } from './equivalent.js';

export const contextIndexSegments: readonly Equivalent[] = [
  {
    file: 'lib/context-index/chain-walk.ts',
    from: 'const number = entry === 0 ? 0 : chains.number(entry);',
    to: 'const number = false ? 0 : chains.number(entry);',
    reason: 'The number of entry 0 is 0.',
  },
  {
    file: 'lib/context-index/group-facts.ts',
    from: 'for (let index = 0; index < terms.count; index++) {',
    to: 'for (let index = 0; index <= terms.count; index++) {',
    reason: 'One candidate too many, a former fact’s: candidates are verified.',
  },
  {
    file: 'lib/context-index/group-facts.ts',
    from: 'if (rarest === undefined || ordinals.length < rarest.length) rarest = ordinals;',
    to: 'if (rarest === undefined || ordinals.length <= rarest.length) rarest = ordinals;',
    reason: 'Of two lists of one length either will do.',
  },
  {
    file: 'lib/context-index/group-facts.ts',
    from: 'return rarest ?? [];',
    to: 'return rarest ?? ["Stryker was here"];',
    reason: 'No set is without a term.',
  },
  {
    file: 'lib/context-index/segment-list.ts',
    from: 'with(added: Segment, replaced: readonly Segment[] = []): SegmentList {',
    to: 'with(added: Segment, replaced: readonly Segment[] = ["Stryker was here"]): SegmentList {',
    reason: 'What is not in the list cannot be taken out of it.',
  },
  {
    file: 'lib/context-index/segment-list.ts',
    from: 'const place = kept.findIndex(({ first }) => first > added.first);',
    to: 'const place = kept.findIndex(({ first }) => first >= added.first);',
    reason: 'No segment that stays begins where the new one does: they would overlap.',
  },
  {
    file: 'lib/context-index/segment-list.ts',
    from: 'if (weight >= full || (taken[0] && !fitsSpan(taken[0].first, segment.last))) break;',
    to: 'if (weight >= full || (false)) break;',
    reason:
      'The levels end far below the span: a run of lighter segments fits it always. The guard is for other levels.',
  },
  {
    file: 'lib/context-index/segment-list.ts',
    from: 'if (taken.length > 1 && weight >= full) return taken;',
    to: 'if (true && weight >= full) return taken;',
    reason: 'One segment of the run alone weighs less than the level.',
  },
  {
    file: 'lib/context-index/segment-list.ts',
    from: 'if (taken.length > 1 && weight >= full) return taken;',
    to: 'if (taken.length >= 1 && weight >= full) return taken;',
    reason: 'One segment of the run alone weighs less than the level.',
  },
  {
    file: 'lib/context-index/segment-list.ts',
    from: 'if (!belongs(place)) return [];',
    to: 'if (!belongs(place)) return ["Stryker was here"];',
    reason: 'What is no segment has no weight: nothing is full.',
  },
  {
    file: 'lib/context-index/entries.ts',
    from: 'for (let index = 0; index < count; index++) {',
    to: 'for (let index = 0; index <= count; index++) {',
    reason: 'What is written behind a typed array is nowhere.',
  },
  {
    file: 'lib/context-index/entries.ts',
    from: 'if (by !== 0) for (let index = 0; index < entries.length; index++) entries[index]! += by;',
    to: 'if (true) for (let index = 0; index < entries.length; index++) entries[index]! += by;',
    reason: 'Adding 0 changes nothing; the condition saves the time.',
  },
  {
    file: 'lib/context-index/entries.ts',
    from: 'if (by !== 0) for (let index = 0; index < entries.length; index++) entries[index]! += by;',
    to: 'if (by !== 0) for (let index = 0; index <= entries.length; index++) entries[index]! += by;',
    reason: 'What is written behind a typed array is nowhere.',
  },
  {
    file: 'lib/context-index/entries.ts',
    from: 'while (l < left.length && r < right.length) {',
    to: 'while (true && r < right.length) {',
    reason: 'Nothing is behind the left list: the right one is taken, as after the loop.',
  },
  {
    file: 'lib/context-index/entries.ts',
    from: 'while (l < left.length && r < right.length) {',
    to: 'while (l <= left.length && r < right.length) {',
    reason: 'Nothing is behind the left list: the right one is taken, as after the loop.',
  },
  {
    file: 'lib/context-index/entries.ts',
    from: 'merged[end++] = left[l]! <= right[r]! ? left[l++]! : right[r++]!;',
    to: 'merged[end++] = left[l]! < right[r]! ? left[l++]! : right[r++]!;',
    reason: 'Equal entries are alike.',
  },
  {
    file: 'lib/context-index/segment-codec.ts',
    from: 'const whole = row.fences.length % 8 === 0 && row.bloom.length % 4 === 0;',
    to: 'const whole = true && row.bloom.length % 4 === 0;',
    reason:
      'Fences of a broken length are not as many as the chunks either, which is looked at next.',
  },
  {
    file: 'lib/context-index/segment-codec.ts',
    from: 'if (!whole || row.fences.length / 8 !== Math.ceil(row.entries / CHUNK_ENTRIES)) return undefined;',
    to: 'if (!whole || false) return undefined;',
    reason:
      'The checksum is of the fences and of the number of entries: it refuses what does not fit together.',
  },
  {
    file: 'lib/context-index/segment-codec.ts',
    from: 'const aligned = stored.byteOffset % 8 === 0 ? stored : new Uint8Array(copyOf(stored));',
    to: 'const aligned = false ? stored : new Uint8Array(copyOf(stored));',
    reason: 'A copy more, of the same bytes.',
  },
  {
    file: 'lib/context-index/segment-codec.ts',
    from: 'const aligned = stored.byteOffset % 8 === 0 ? stored : new Uint8Array(copyOf(stored));',
    to: 'const aligned = stored.byteOffset * 8 === 0 ? stored : new Uint8Array(copyOf(stored));',
    reason: 'A copy more, of the same bytes.',
  },
  {
    file: 'lib/context-index/term-chains.ts',
    from: 'if (previous === 0 && ++this.#used > this.#mask * 0.7) this.#grow();',
    to: 'if (previous === 0 && ++this.#used >= this.#mask * 0.7) this.#grow();',
    reason: 'No mask times 0.7 is a whole number.',
  },
  {
    file: 'lib/context-index/term-chains.ts',
    from: 'while (slots[slot * 2 + 1] !== 0 && slots[slot * 2] !== term) slot = (slot + 1) & this.#mask;',
    to: 'while (slots[slot * 2 + 1] !== 0 && slots[slot * 2] !== term) slot = (slot - 1) & this.#mask;',
    reason: 'Slots may be searched in either direction, as long as it is the same one always.',
  },
  {
    file: 'lib/context-index/term-chains.ts',
    from: 'for (let index = 0; index < old.length; index += 2) {',
    to: 'for (let index = 0; index <= old.length; index += 2) {',
    reason: 'The slot behind the last one is written as a free one.',
  },
  {
    file: 'lib/context-index/terms.ts',
    from: 'this.#arrays = false;',
    to: 'this.#arrays = true;',
    reason: 'Without arrays the leaves are sorted in vain; their order is not looked at.',
  },
  {
    file: 'lib/context-index/terms.ts',
    from: 'if (this.#arrays) this.#removeRepeated();',
    to: 'if (true) this.#removeRepeated();',
    reason: 'Without arrays the leaves are sorted in vain; their order is not looked at.',
  },
  {
    file: 'lib/context-index/terms.ts',
    from: 'if (index === 0 || sorted[index] !== sorted[kept - 1]) sorted[kept++] = sorted[index]!;',
    to: 'if (false || sorted[index] !== sorted[kept - 1]) sorted[kept++] = sorted[index]!;',
    reason: 'The first leaf differs from what is before the array.',
  },
  {
    file: 'lib/context-index/terms.ts',
    from: 'for (let index = 0; index < count; index++) {',
    to: 'for (let index = 0; index <= count; index++) {',
    reason: 'Only the first `count` terms are looked at.',
  },
  {
    file: 'lib/context-index/terms.ts',
    from: '#arrays = false;',
    to: '#arrays = true;',
    reason: 'Set anew for each value that is read.',
  },
  {
    file: 'lib/context-index/terms.ts',
    from: 'overflows = false;',
    to: 'overflows = true;',
    reason: 'Set anew for each fact that is read.',
  },
];
