/**
 * Hashes of 32 bits. They are stored with the index: changing one means another format (new table names), never
 * a change in place.
 */

/** Spreads every bit of `left` and `right` over the result; the two are not interchangeable. */
export function mix(left: number, right: number): number {
  let hash = Math.imul(left, 0x85ebca6b) ^ right;
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function hashText(seed: number, text: string): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(hash, text.length);
}

const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);

/** Equal numbers have equal hashes: -0 that of 0. */
export function hashNumber(seed: number, value: number): number {
  if (value === (value | 0)) return mix(seed, value | 0);
  double[0] = value;
  return mix(mix(seed ^ 0x5bd1e995, words[0]!), words[1]!);
}

/** Finds accidental changes in stored bytes; no defence against intent. */
export function checksum(seed: number, data: ArrayBufferView): number {
  let sum = seed;
  const whole = new Uint32Array(data.buffer, data.byteOffset, data.byteLength >>> 2);
  for (let index = 0; index < whole.length; index++) {
    sum = Math.imul(sum ^ whole[index]!, 0x9e3779b1);
    sum ^= sum >>> 15;
  }
  return mix(sum, data.byteLength);
}
