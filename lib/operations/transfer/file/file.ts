import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { InvalidOptionsError } from '../../../contract/errors.js';
import type { FileBatch } from '../batch.js';
import { batchOf } from './batch-of-line.js';
import { endLine, endOfLine, FORMAT, headerOf, markOf } from './lines-of-format.js';
import type { FileEnd, FileHeader } from './lines-of-format.js';
import { readLines, textOf } from './read-lines.js';
import type { Line } from './read-lines.js';

/** Longer lines are no last line. */
const MAX_END_BYTES = 200;

/** What a file has, without a look at its batches other than the last one. */
export interface ScannedFile {
  /** Of its batches; what follows is its last line, or one that was cut off. 0 for an empty file. */
  readonly bytes: number;
  /** Whether it has its last line. */
  readonly isWhole: boolean;
  readonly header: FileHeader | undefined;
  /** `undefined` for a file without batches. */
  readonly last: FileBatch | undefined;
  /** Of these bytes, to go on with. */
  readonly hash: Hash;
}

/** What an export that begins goes on with. */
export function emptyFile(): ScannedFile {
  return { bytes: 0, isWhole: false, header: undefined, last: undefined, hash: newHash() };
}

/** @throws InvalidOptionsError for a file that is no export, or was changed since */
export async function scanFile(path: string, signal: AbortSignal): Promise<ScannedFile> {
  const hash = newHash();
  let header: FileHeader | undefined;
  let bytes = 0;
  let newest: Line | undefined;
  let ending: { line: Line; end: FileEnd } | undefined;
  for await (const line of readLines(path, signal)) {
    if (line.number === 1) header = line.isWhole ? headerOf(textOf(line, path)) : undefined;
    if (header === undefined) throw noExport(path);
    if (ending !== undefined) throw notItsEnd(path, ending.line, ending.end);
    if (!line.isWhole) break;
    const end = line.number === 1 ? undefined : endOf(line, path);
    if (end !== undefined) {
      ending = { line, end };
      checkSum(hash, end, line, path);
      continue;
    }
    add(hash, line);
    bytes = line.end;
    if (line.number > 1) newest = line;
  }
  const last = newest && batchOf(textOf(newest, path), whereOf(newest, path));
  return { bytes, isWhole: ending !== undefined, header, last, hash };
}

/**
 * The batches of an export, line by line. `path`: `-` for stdin.
 *
 * @throws InvalidOptionsError for what is no export, and behind the last batch of one that was cut off or changed
 */
export async function* readBatches(path: string, signal: AbortSignal): AsyncGenerator<FileBatch> {
  const hash = newHash();
  let header: FileHeader | undefined;
  let last = 0n;
  let ending: { line: Line; end: FileEnd } | undefined;
  for await (const line of readLines(path, signal)) {
    signal.throwIfAborted();
    const text = textOf(line, path);
    if (header === undefined) {
      header = headerOf(text);
      if (header === undefined) throw noExport(path);
      add(hash, line);
      continue;
    }
    if (ending !== undefined) throw notItsEnd(path, ending.line, ending.end);
    const end = endOf(line, path);
    if (end !== undefined) {
      ending = { line, end };
      if (end.last !== last) throw notItsEnd(path, line, end);
      checkSum(hash, end, line, path);
      continue;
    }
    add(hash, line);
    const batch = batchOf(text, whereOf(line, path));
    checkNext(batch, last, header);
    last = batch.facts.at(-1)!.sequence_number;
    yield batch;
  }
  if (header === undefined) throw noExport(path);
  if (ending === undefined) throw cutOff(path);
}

/** @throws InvalidOptionsError for a batch that does not follow the one before it, or the first line */
function checkNext({ facts, where }: FileBatch, last: bigint, { begins }: FileHeader): void {
  const [fact] = facts;
  const first = fact!.sequence_number;
  if (last !== 0n && first !== last + 1n) {
    throw new InvalidOptionsError(
      `${where} begins with fact ${first}, and the line before it ends with ${last}: lines were removed, repeated or moved. Nothing of this line was written. Export the facts again, into another file.`,
    );
  }
  if (last !== 0n || begins === undefined) return;
  if (begins.first === first && begins.log === markOf(fact!)) return;
  throw new InvalidOptionsError(
    `${where} does not begin with the fact of which the first line speaks: the file was put together from others. Nothing was written. Export the facts again, into another file.`,
  );
}

function whereOf({ number }: Line, path: string): string {
  return `Line ${number} of ${path}`;
}

function newHash(): Hash {
  return createHash('sha256');
}

/** However the file’s lines end. */
function add(hash: Hash, { bytes }: Line): void {
  hash.update(bytes).update('\n');
}

function endOf(line: Line, path: string): FileEnd | undefined {
  return line.bytes.length > MAX_END_BYTES ? undefined : endOfLine(textOf(line, path));
}

/** @throws InvalidOptionsError */
function checkSum(hash: Hash, { sha256 }: FileEnd, line: Line, path: string): void {
  if (sha256 === undefined || hash.copy().digest('hex') === sha256) return;
  throw new InvalidOptionsError(
    `${path} was changed since it was exported: the SHA-256 in line ${line.number}, its last one, is not that of the lines before it. None of its last lines was written. Export the facts again, into another file, or copy it anew.`,
  );
}

function noExport(path: string): InvalidOptionsError {
  return new InvalidOptionsError(
    `${path} is no export of nestjs-factstr: line 1 does not begin with {"format":"${FORMAT}"}. Name another file.`,
  );
}

/** An export that was interrupted, or of which a copy or a pipe broke. */
export function cutOff(path: string): InvalidOptionsError {
  return new InvalidOptionsError(
    `${path} was cut off: it does not end with the line that export writes last. Export the facts again, into the same file if it is there still, which goes on with it.`,
  );
}

function notItsEnd(path: string, line: Line, end: FileEnd): InvalidOptionsError {
  return new InvalidOptionsError(
    `Line ${line.number} of ${path} is ${endLine(end)}, where its facts do not end. Export the facts again, into another file.`,
  );
}
