/** One character of each length in UTF-8; the last takes two units of UTF-16. */
export const CHARACTERS = ['x', 'ß', '€', '🐎'] as const;

/** As many of the character as fit, filled up to exactly so many bytes of UTF-8, in front and behind. */
export function textsOfBytes(character: string, bytes: number): string[] {
  const width = new TextEncoder().encode(character).length;
  const wide = character.repeat(Math.floor(bytes / width));
  const narrow = 'x'.repeat(bytes % width);
  return narrow === '' ? [wide] : [wide + narrow, narrow + wide];
}

/** One below, at, and one above. */
export function around(size: number): number[] {
  return [size - 1, size, size + 1];
}
