import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { InvalidOptionsError } from '../../contract/errors.js';
import { batchOf, endLine, endOfLine, FORMAT_LINE } from './batch.js';
import type { TransferredBatch } from './batch.js';

/** Bytes of a file’s end that are read at first to find its last line. */
const END_BYTES = 65_536;

/** What a file ends with. */
export interface FileEnd {
  /** Of its batches; what follows is its last line, or one that was cut off. */
  readonly bytes: number;
  /** Whether it has its last line. */
  readonly isWhole: boolean;
  /** `undefined` for a file without batches. */
  readonly last: TransferredBatch | undefined;
}

/** @throws InvalidOptionsError for a file that is no export */
export async function endOf(path: string): Promise<FileEnd> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for (let length = Math.min(size, END_BYTES); ; length = Math.min(size, length * 4)) {
      const buffer = Buffer.alloc(length);
      await file.read(buffer, 0, length, size - length);
      let line = lineBefore(buffer, buffer.lastIndexOf(10));
      const isWhole = line !== undefined && endOfLine(line.text) !== undefined;
      if (isWhole) line = lineBefore(buffer, line!.begin - 1);
      if ((line === undefined || line.begin === 0) && length < size) continue;
      if (line === undefined) {
        if (size === 0) return { bytes: 0, isWhole, last: undefined };
        throw noExport(path);
      }
      const bytes = size - length + line.end + 1;
      if (line.text === FORMAT_LINE) return { bytes, isWhole, last: undefined };
      return { bytes, isWhole, last: batchOf(line.text, `The last line of ${path}`) };
    }
  } finally {
    await file.close();
  }
}

/** The line that ends at a line feed; `end` is -1 where there is none. */
function lineBefore(
  buffer: Buffer,
  end: number,
): { begin: number; end: number; text: string } | undefined {
  if (end < 0) return undefined;
  const begin = end === 0 ? 0 : buffer.lastIndexOf(10, end - 1) + 1;
  return { begin, end, text: withoutReturn(buffer.toString('utf8', begin, end)) };
}

/**
 * The batches of an export, line by line. `path`: `-` for stdin.
 *
 * @throws InvalidOptionsError for what is no export, and behind the last batch of one that was cut off
 */
export async function* readBatches(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<TransferredBatch> {
  const input = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 });
  let number = 0;
  let last = 0n;
  let end: bigint | undefined;
  try {
    for await (const line of linesOf(input, path)) {
      signal.throwIfAborted();
      if (++number === 1) {
        if (line !== FORMAT_LINE) throw noExport(path);
        continue;
      }
      if (end !== undefined) throw notItsEnd(path, end);
      end = endOfLine(line);
      if (end === undefined) {
        const batch = batchOf(line, `Line ${number} of ${path}`);
        last = batch.facts.at(-1)!.sequence_number;
        yield batch;
      } else if (end !== last) throw notItsEnd(path, end);
    }
  } finally {
    if (path !== '-') input.destroy();
  }
  if (number === 0) throw noExport(path);
  if (end === undefined) throw cutOff(path);
}

/** Lines end with a line feed and nothing else: texts of JSON may hold what `readline` takes for an end, as U+2028. */
async function* linesOf(input: AsyncIterable<unknown>, path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let number = 0;
  let parts: Buffer[] = [];
  const line = (): string => {
    number++;
    const bytes = Buffer.concat(parts);
    parts = [];
    try {
      return withoutReturn(decoder.decode(bytes));
    } catch {
      throw new InvalidOptionsError(
        `Line ${number} of ${path} is not UTF-8: the file is damaged. Export the facts again.`,
      );
    }
  };
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let at = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, at)) {
      parts.push(chunk.subarray(at, end));
      at = end + 1;
      yield line();
    }
    if (at < chunk.length) parts.push(chunk.subarray(at));
  }
  if (parts.length > 0) yield line();
}

/** Some editors and transfers end lines with two characters. */
function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** Where an export goes. */
export interface LineSink {
  write(line: string): Promise<void>;
  /** Resolves when everything is on the disk. */
  end(): Promise<void>;
}

/** Characters that are written at once. */
const BLOCK_CHARS = 1_000_000;

/** Writes behind the first `bytes` of a file, and drops what follows them. */
export async function appendTo(path: string, bytes: number): Promise<LineSink> {
  const file = await open(path, bytes === 0 ? 'w' : 'r+');
  await file.truncate(bytes);
  let at = bytes;
  let lines: string[] = [];
  let chars = 0;
  const flush = async (): Promise<void> => {
    const block = Buffer.from(lines.join(''));
    [lines, chars] = [[], 0];
    for (let done = 0; done < block.length;) {
      const { bytesWritten } = await file.write(block, done, block.length - done, at);
      done += bytesWritten;
      at += bytesWritten;
    }
  };
  return {
    async write(line) {
      lines.push(line, '\n');
      chars += line.length;
      if (chars >= BLOCK_CHARS) await flush();
    },
    async end() {
      try {
        await flush();
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}

function noExport(path: string): InvalidOptionsError {
  return new InvalidOptionsError(
    `${path} is no export of nestjs-factstr: its first line is not ${FORMAT_LINE}. Name another file.`,
  );
}

/** An export that was interrupted, or of which a copy or a pipe broke. */
export function cutOff(path: string): InvalidOptionsError {
  return new InvalidOptionsError(
    `${path} was cut off: it does not end with the line that export writes last. Export the facts again, into the same file if it is there still, which goes on with it.`,
  );
}

function notItsEnd(path: string, end: bigint): InvalidOptionsError {
  return new InvalidOptionsError(
    `${path} has ${endLine(end)} where its facts do not end. Export the facts again.`,
  );
}
