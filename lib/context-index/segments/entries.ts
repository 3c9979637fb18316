/**
 * An entry is one double: the term's 32 bits above 20 bits of the fact's offset from its segment's first number.
 * Doubles, as `Float64Array` sorts them natively.
 */
export const MAX_SPAN = 2 ** 20;

export function entryOf(term: number, offset: number): number {
  return term * MAX_SPAN + offset;
}

/** The sorted entries of a segment that begins at `first`. */
export function sortedEntries(
  terms: Uint32Array,
  numbers: Float64Array,
  count: number,
  first: number,
): Float64Array {
  const entries = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    entries[index] = entryOf(terms[index]!, numbers[index]! - first);
  }
  return entries.sort();
}

/** Moves a segment's entries into one that begins `by` numbers earlier. Their order stays. */
export function shiftEntries(entries: Float64Array, by: number): Float64Array {
  if (by !== 0) for (let index = 0; index < entries.length; index++) entries[index]! += by;
  return entries;
}

/** Merges sorted entries, pairwise, so that each entry is moved once for every doubling. */
export function mergeEntries(parts: readonly Float64Array[]): Float64Array {
  let round = parts;
  while (round.length > 1) {
    const merged: Float64Array[] = [];
    for (let index = 0; index < round.length; index += 2) {
      const right = round[index + 1];
      merged.push(right === undefined ? round[index]! : mergePair(round[index]!, right));
    }
    round = merged;
  }
  return round[0] ?? new Float64Array(0);
}

function mergePair(left: Float64Array, right: Float64Array): Float64Array {
  const merged = new Float64Array(left.length + right.length);
  let l = 0;
  let r = 0;
  let end = 0;
  while (l < left.length && r < right.length) {
    merged[end++] = left[l]! <= right[r]! ? left[l++]! : right[r++]!;
  }
  merged.set(left.subarray(l), end);
  merged.set(right.subarray(r), end + left.length - l);
  return merged;
}

/** How many of the sorted values are below `bound`. */
export function countBelow(sorted: Float64Array, bound: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
