import type { LeaseOwner, StoredStream, StreamReport } from '../cursor-store.js';
import type { SqlRow, SqlValue } from './sql-steps.js';

/** A row of the statement `find`. */
export function toStoredStream(row: SqlRow): StoredStream {
  const [position, query_text, fingerprintAt, hash, epoch, renewals, owner, expired] = row;
  const [paused, retryParked, report, parkedCount, parkedSince] = row.slice(8);
  return {
    position: BigInt(position!),
    query_text: query_text!,
    fingerprint:
      fingerprintAt == null || hash == null
        ? null
        : { sequence_number: BigInt(fingerprintAt), hash },
    epoch: BigInt(epoch!),
    renewals: BigInt(renewals!),
    owner: parse(owner) as LeaseOwner | null,
    expired: expired === '1',
    paused: paused === '1',
    retryParked: retryParked === '1',
    report: parse(report) as StreamReport | null,
    parkedCount: Number(parkedCount),
    parkedSince: parkedSince ?? null,
  };
}

function parse(text: SqlValue | undefined): unknown {
  return text == null ? null : JSON.parse(text);
}
