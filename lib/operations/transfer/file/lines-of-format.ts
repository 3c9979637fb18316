import { hash } from 'node:crypto';
import { microseconds, transferred } from '../batch.js';
import type { TransferredFact } from '../batch.js';

/** The first line of a file. */
export interface FileHeader {
  /** The number of its first fact, and what tells that fact from others. Absent in older files, and in empty logs. */
  readonly begins: { readonly first: bigint; readonly log: string } | undefined;
}

/** The last line of a file that is whole. */
export interface FileEnd {
  /** The number of its last fact, 0 without facts. */
  readonly last: bigint;
  /** SHA-256 of the lines before it, each with a line feed, in hex. Absent in older files. */
  readonly sha256: string | undefined;
}

export const FORMAT = 'nestjs-factstr facts 1';

/** @param first the log’s first fact, `undefined` for an empty log */
export function headerLine(first: TransferredFact | undefined): string {
  if (first === undefined) return JSON.stringify({ format: FORMAT });
  const { sequence_number } = first;
  return JSON.stringify({ format: FORMAT, first: String(sequence_number), log: markOf(first) });
}

/** `undefined` for a line that begins no file. */
export function headerOf(line: string): FileHeader | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { format, first, log } = value as Readonly<Record<string, unknown>>;
  if (format !== FORMAT) return undefined;
  if (first === undefined && log === undefined) return { begins: undefined };
  if (typeof first !== 'string' || typeof log !== 'string' || !/^[1-9]\d{0,18}$/.test(first)) {
    return undefined;
  }
  return { begins: { first: BigInt(first), log } };
}

/**
 * FACTSTR’s databases have no name of their own; their first facts tell them apart. Equal on both providers: Postgres
 * keeps microseconds.
 */
export function markOf(fact: TransferredFact): string {
  const { occurred_at, event_type, payload } = transferred(fact);
  const text = JSON.stringify([microseconds(occurred_at).time, event_type, payload]);
  return hash('sha256', text).slice(0, 32);
}

export function endLine({ last, sha256 }: FileEnd): string {
  return JSON.stringify({ end: String(last), ...(sha256 !== undefined && { sha256 }) });
}

/** `undefined` for any other line. */
export function endOfLine(line: string): FileEnd | undefined {
  const found = /^\{"end":"(0|[1-9]\d{0,18})"(?:,"sha256":"([\da-f]{64})")?\}$/.exec(line);
  return found === null ? undefined : { last: BigInt(found[1]!), sha256: found[2] };
}
