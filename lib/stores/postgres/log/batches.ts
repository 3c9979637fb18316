import type { EventRecord } from '../../../contract/contract.types.js';
import type { CommittedBatch, FactMark } from '../../../streams/log-source.js';
import type { PgRow, PgStatement } from '../connection/driver.js';
import { PAGE_COLUMNS, toMark, toRecord } from '../connection/records.js';

interface Boundary {
  readonly first: bigint;
  readonly last: bigint;
}

/** What a page of the log holds. */
export interface PageRows {
  /** The fact at the cursor. */
  readonly at: FactMark | null;
  readonly records: readonly EventRecord[];
  /** Of the batches that the records belong to, in order; those of one fact may be missing. */
  readonly boundaries: readonly Boundary[];
}

/**
 * Facts, the one before them, and batch boundaries in one statement, hence one snapshot: boundaries read before the
 * facts would miss those of appends that committed in between. The first fact after `after` carries the boundaries
 * of all.
 */
export function pageStatement(schema: string, after: bigint, limit: number): PgStatement {
  const numbers = `SELECT sequence_number FROM ${schema}.events WHERE sequence_number > $1::bigint ORDER BY sequence_number`;
  return {
    name: 'page',
    text: `
SELECT ${PAGE_COLUMNS},
  CASE WHEN sequence_number = (${numbers} LIMIT 1) THEN (
    SELECT pg_catalog.string_agg(first_sequence_number || ' ' || last_sequence_number, ' ' ORDER BY first_sequence_number)
    FROM ${schema}.append_batches
    WHERE first_sequence_number <= (SELECT max(sequence_number) FROM (${numbers} LIMIT $2::bigint) AS numbers)
      AND first_sequence_number >= coalesce((
        SELECT max(first_sequence_number) FROM ${schema}.append_batches
        WHERE first_sequence_number <= $1::bigint + 1), 0)
  ) END
FROM ${schema}.events
WHERE sequence_number >= $1::bigint
ORDER BY sequence_number LIMIT $2::bigint + 1`,
    values: [String(after), limit],
  };
}

export function readRows(rows: readonly PgRow[], after: bigint, limit: number): PageRows {
  const isThere = rows.length > 0 && BigInt(rows[0]![0]!) === after;
  // Without that one there is a fact more, whose boundary was not looked for.
  const next = isThere ? rows.slice(1) : rows.slice(0, limit);
  return {
    at: isThere ? toMark(rows[0]!) : null,
    records: next.map(toRecord),
    boundaries: readBoundaries(next[0]?.[4]),
  };
}

/** `first last first last …`, all in one text. */
function readBoundaries(text: string | null | undefined): Boundary[] {
  if (text == null) return [];
  const numbers = text.split(' ');
  return Array.from({ length: numbers.length / 2 }, (_, index) => ({
    first: BigInt(numbers[2 * index]!),
    last: BigInt(numbers[2 * index + 1]!),
  }));
}

export interface PageBatches {
  /** Complete, but for the first, which begins after the cursor. */
  readonly batches: CommittedBatch[];
  /** The last number of a batch that the page's end cuts off. */
  readonly cutUntil: bigint | undefined;
}

/** Groups a page's facts. A fact that no boundary covers is a batch of its own. */
export function groupBatches({ records, boundaries }: PageRows): PageBatches {
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
