import { StringDecoder } from 'node:string_decoder';

/**
 * Calls `handle` with each line of a stream. Lines end with `\n` alone: Node's `readline` also ends them at U+2028
 * and U+2029, which JSON leaves in its texts as they are.
 */
export function onLines(stream: NodeJS.ReadableStream, handle: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string): void => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) handle(line);
  };
  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
  stream.on('end', () => {
    take(decoder.end());
    if (rest !== '') handle(rest);
  });
}
