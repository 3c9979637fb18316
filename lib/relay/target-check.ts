import type { EventQuery, EventRecord } from '../contract/contract.types.js';
import type { FactstrStore } from '../service/factstr-store.js';
import type { LastSent } from './relay-target.js';
import { TargetDivergedError } from './relay.errors.js';

/** What a target's newest event is compared with. */
export interface Expected {
  readonly service: Pick<FactstrStore, 'query'>;
  /** The relay's. */
  readonly query: EventQuery;
  /** The fact that is to be sent next: what matches before it was sent, and acknowledged. */
  readonly before: bigint;
  /** Where the relay began. */
  readonly startFrom: 'beginning' | 'now' | bigint | undefined;
  /** For messages. */
  readonly target: string;
}

/**
 * Compares what a target has with what was sent: after which fact the target lacks some; `undefined` where it has all.
 *
 * @throws TargetDivergedError where its newest event is no fact of this store
 */
export async function missingAfter(
  last: LastSent | null,
  expected: Expected,
): Promise<bigint | undefined> {
  const { service, query, before, startFrom = 'beginning' } = expected;
  const sent = last === null ? 0n : BigInt(last.id);
  if (last !== null) await checkSame(last, expected);
  // An empty target, and facts that were there before the relay: none of them may have been sent.
  if (startFrom === 'now' && last === null) return undefined;
  const newest = await newestBefore(service, query, before);
  const begin = typeof startFrom === 'bigint' ? startFrom : 0n;
  const known = sent > begin ? sent : begin;
  return newest !== undefined && newest.sequence_number > known ? known : undefined;
}

/** By the time alone, which never changes: schemas may have been changed since, and show another type. */
async function checkSame(last: LastSent, { service, target }: Expected): Promise<void> {
  const number = BigInt(last.id);
  const { event_records } = await service.query(
    { filters: null, min_sequence_number: number - 1n },
    { limit: 1, upTo: number },
  );
  const [fact] = event_records;
  if (fact?.occurred_at === last.time) return;
  const here =
    fact === undefined
      ? 'which this store does not have'
      : `which was appended at ${fact.occurred_at} in this store`;
  throw new TargetDivergedError(
    `The newest event of the target ${target} is fact ${number} of ${last.time}, ${here}: one of the two was restored from an older copy, or is another one. Nothing was sent. Give the relay an empty target, or its former store.`,
  );
}

async function newestBefore(
  service: Expected['service'],
  query: EventQuery,
  before: bigint,
): Promise<EventRecord | undefined> {
  if (before <= 1n) return undefined;
  const { event_records } = await service.query(query, {
    limit: 1,
    order: 'desc',
    upTo: before - 1n,
  });
  return event_records[0];
}
