import { isDeepStrictEqual } from 'node:util';
import type { MaybePromise } from '../../contract/contract.types.js';
import type { FactMark, LogPage, LogSource } from '../log-source.js';

/** Whether two marks are of one fact. Payloads are compared where both are present. */
export function isSameFact(one: FactMark, other: FactMark): boolean {
  if (one === other) return true;
  return (
    one.sequence_number === other.sequence_number &&
    one.occurred_at === other.occurred_at &&
    one.event_type === other.event_type &&
    (one.payload === undefined ||
      other.payload === undefined ||
      isDeepStrictEqual(one.payload, other.payload))
  );
}

/** Whether a fact was committed no later than another one. */
export function isNotAfter(one: FactMark, other: FactMark): boolean {
  return precise(one.occurred_at) <= precise(other.occurred_at);
}

/** To nanoseconds, so that texts compare as their times do. */
function precise(time: string): string {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? '';
  return `${time.slice(0, 19)}.${fraction.padEnd(9, '0')}`;
}

/** The fact of a number; `null` when there is none. */
export async function factAt(source: LogSource, number: bigint): Promise<FactMark | null> {
  if (number === 0n) return null;
  const [batch] = await source.readBatches(number - 1n, 1);
  const fact = batch?.event_records[0];
  return fact?.sequence_number === number ? fact : null;
}

/** A page and the fact before it, which is read last where the source does not do both at once. */
export function readPage(source: LogSource, after: bigint, limit: number): MaybePromise<LogPage> {
  return source.readPage === undefined
    ? readApart(source, after, limit)
    : source.readPage(after, limit);
}

async function readApart(source: LogSource, after: bigint, limit: number): Promise<LogPage> {
  const batches = await source.readBatches(after, limit);
  return { at: await factAt(source, after), batches };
}
