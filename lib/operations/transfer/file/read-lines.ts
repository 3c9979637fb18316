import { createReadStream } from 'node:fs';
import { InvalidOptionsError } from '../../../contract/errors.js';

/** A line of a file. */
export interface Line {
  /** From 1 on. */
  readonly number: number;
  /** Without what ends it. */
  readonly bytes: Buffer;
  /** Where the next one begins. */
  readonly end: number;
  /** Whether it has a line feed: the last one of a file that was cut off has none. */
  readonly isWhole: boolean;
}

/**
 * Lines end with a line feed and nothing else: texts of JSON may hold what `readline` takes for an end, as U+2028.
 *
 * @param path `-` for stdin
 */
export async function* readLines(path: string, signal: AbortSignal): AsyncGenerator<Line> {
  const input = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 });
  let number = 0;
  let begin = 0;
  let parts: Buffer[] = [];
  const line = (isWhole: boolean): Line => {
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts = [];
    begin += bytes.length + (isWhole ? 1 : 0);
    return { number: ++number, bytes: withoutReturn(bytes), end: begin, isWhole };
  };
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      let at = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, at)) {
        parts.push(chunk.subarray(at, end));
        at = end + 1;
        yield line(true);
      }
      if (at < chunk.length) parts.push(chunk.subarray(at));
    }
    if (parts.length > 0) yield line(false);
  } finally {
    if (path !== '-') input.destroy();
  }
}

/** Some editors and transfers end lines with two characters. */
function withoutReturn(bytes: Buffer): Buffer {
  return bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes;
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws InvalidOptionsError for bytes that are no text */
export function textOf({ bytes, number }: Line, path: string): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw new InvalidOptionsError(
      `Line ${number} of ${path} is not UTF-8: the file is damaged. Nothing of this line was written. Export the facts again, into another file.`,
    );
  }
}
