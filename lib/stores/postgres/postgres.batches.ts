import type { EventRecord } from '../../contract/contract.types.js';
import type { CommittedBatch } from '../../streams/log-source.js';
import type { PgRow, PgStatement } from './postgres.driver.js';
import { RECORD_COLUMNS, toRecord } from './postgres.records.js';

interface Boundary {
  readonly first: bigint;
  readonly last: bigint;
}

/** What a page of the log holds. */
export interface LogPage {
  readonly records: readonly EventRecord[];
  /** Of the batches that the records belong to, in order; those of one fact may be missing. */
  readonly boundaries: readonly Boundary[];
}

/**
 * Facts and batch boundaries in one statement, hence one snapshot: boundaries read before the facts would miss
 * those of appends that committed in between.
 */
export function pageStatement(schema: string, after: bigint, limit: number): PgStatement {
  return {
    name: 'page',
    text: `
WITH page AS MATERIALIZED (
  SELECT sequence_number, occurred_at, event_type, payload FROM ${schema}.events
  WHERE sequence_number > $1::bigint
  ORDER BY sequence_number LIMIT $2::bigint
)
SELECT * FROM (
  SELECT ${RECORD_COLUMNS}, sequence_number, FALSE FROM page
  UNION ALL
  SELECT first_sequence_number::text, NULL, NULL, last_sequence_number::text, first_sequence_number, TRUE
  FROM ${schema}.append_batches
  WHERE first_sequence_number <= (SELECT max(sequence_number) FROM page)
    AND first_sequence_number >= coalesce((
      SELECT max(first_sequence_number) FROM ${schema}.append_batches
      WHERE first_sequence_number <= $1::bigint + 1), 0)
) AS rows (number, occurred_at, event_type, content, place, is_boundary)
ORDER BY is_boundary, place`,
    values: [String(after), limit],
  };
}

export function readPage(rows: readonly PgRow[]): LogPage {
  return {
    records: rows.filter((row) => row[5] === 'f').map(toRecord),
    boundaries: rows
      .filter((row) => row[5] === 't')
      .map((row) => ({ first: BigInt(row[0]!), last: BigInt(row[3]!) })),
  };
}

export interface PageBatches {
  /** Complete, but for the first, which begins after the cursor. */
  readonly batches: CommittedBatch[];
  /** The last number of a batch that the page's end cuts off. */
  readonly cutUntil: bigint | undefined;
}

/** Groups a page's facts. A fact that no boundary covers is a batch of its own. */
export function groupBatches({ records, boundaries }: LogPage): PageBatches {
  const batches: CommittedBatch[] = [];
  let place = 0;
  for (let index = 0; index < records.length;) {
    const first = records[index]!.sequence_number;
    while (place < boundaries.length && boundaries[place]!.last < first) place++;
    const boundary = boundaries[place];
    const last = boundary !== undefined && boundary.first <= first ? boundary.last : first;
    const end = index + Number(last - first) + 1;
    if (end > records.length) return { batches, cutUntil: last };
    batches.push({
      first_sequence_number: first,
      last_sequence_number: last,
      event_records: records.slice(index, end),
    });
    index = end;
  }
  return { batches, cutUntil: undefined };
}
