import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { InvalidOptionsError } from '../../contract/errors.js';
import { batchOf, FORMAT_LINE } from './batch.js';
import type { TransferredBatch } from './batch.js';

/** Bytes of a file’s end that are read at first to find its last line. */
const END_BYTES = 65_536;

/** What a file ends with. */
export interface FileEnd {
  /** Of its whole lines; what follows is a line that was cut off. */
  readonly bytes: number;
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
      const end = buffer.lastIndexOf(10);
      const begin = end <= 0 ? -1 : buffer.lastIndexOf(10, end - 1);
      if (begin === -1 && length < size) continue;
      if (end === -1) {
        if (size === 0) return { bytes: 0, last: undefined };
        throw noExport(path);
      }
      const bytes = size - length + end + 1;
      const line = buffer.toString('utf8', begin + 1, end);
      if (line === FORMAT_LINE) return { bytes, last: undefined };
      return { bytes, last: batchOf(line, `The last line of ${path}`) };
    }
  } finally {
    await file.close();
  }
}

/** The batches of an export, line by line. `path`: `-` for stdin. @throws InvalidOptionsError */
export async function* readBatches(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<TransferredBatch> {
  const input = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 });
  const lines = createInterface({ input, crlfDelay: Infinity });
  let number = 0;
  try {
    // An unreadable file fails here, and not as an event that nothing hears.
    if (path !== '-') await once(input, 'ready');
    for await (const line of lines) {
      signal.throwIfAborted();
      if (++number > 1) yield batchOf(line, `Line ${number} of ${path}`);
      else if (line !== FORMAT_LINE) throw noExport(path);
    }
  } finally {
    lines.close();
    if (path !== '-') input.destroy();
  }
  if (number === 0) throw noExport(path);
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
