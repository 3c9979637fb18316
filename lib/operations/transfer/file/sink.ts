import { open } from 'node:fs/promises';

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
