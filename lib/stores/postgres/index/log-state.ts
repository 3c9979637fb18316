import type { PreparedFact } from '../../../contract/validation.js';
import type { KnownVersion } from '../../../context-index/terms/known-contexts.js';
import type { ReadySchema } from '../schema/ready-schema.js';
import type { PgRow, PgStatement } from '../connection/driver.js';
import { LARGE_PAYLOAD, SEGMENTS } from '../schema/index-tables.js';
import { MOMENT, openedEvents } from '../connection/records.js';
import type { OpenedLog } from '../connection/records.js';

/** Facts that are read at once, at most; more of them are left to be indexed in the background. */
const MAX_READ_FACTS = 4_096;

/** What is known of a context in one log: a restored one is another log, even of equal numbers. */
export interface VersionOfLog extends KnownVersion {
  readonly log: number;
}

/** Up to where this process knows the log. */
export interface KnownHead {
  readonly number: number;
  /** The fact's moment; empty for an empty log. */
  readonly at: string;
}

/** Up to where one log is known. */
export interface HeadOfLog extends KnownHead {
  readonly log: number;
}

/** Facts that a store has committed itself, in one call. */
export interface OwnCommit {
  /** The newest number before them, and its fact's time. */
  readonly head: number;
  readonly headAt: string;
  /** Their own time. */
  readonly at: string;
  readonly facts: readonly PreparedFact[];
}

/** What was committed after a number. */
export interface LogState {
  readonly head: bigint;
  /** The time of the fact at the head; empty for an empty log. */
  readonly headAt: string;
  /** The time of the fact that was known; `null` where there is none of that number. */
  readonly knownAt: string | null;
  readonly newestId: number | null;
  /** `null` when there are too many. */
  readonly facts: readonly NewFact[] | null;
}

export interface NewFact {
  readonly number: number;
  readonly at: string;
  readonly event_type: string;
  /** `undefined` for a large one. */
  readonly payload: unknown;
  /** Characters of the payload's text. */
  readonly size: number;
}

/** One statement, hence one snapshot. Times are moments, only to be compared. */
export function logStateStatement(
  opened: OpenedLog & Pick<ReadySchema, 'hasIndex'>,
  after: number,
): PgStatement {
  const { schema, log, hasIndex } = opened;
  return {
    name: `log-state${hasIndex ? '' : '-only'} ${log}`,
    text: `
WITH state AS MATERIALIZED (
  SELECT
    coalesce((SELECT max(sequence_number) FROM ${openedEvents(opened)}), 0) AS head,
    ${hasIndex ? `(SELECT max(id) FROM ${schema}.${SEGMENTS})` : 'NULL::bigint'} AS newest_id
)
SELECT state.head, state.newest_id,
  (SELECT ${MOMENT} FROM ${schema}.events WHERE sequence_number = state.head) AS head_at,
  (SELECT ${MOMENT} FROM ${schema}.events WHERE sequence_number = $1::bigint) AS known_at,
  facts.*
FROM state LEFT JOIN LATERAL (
  SELECT sequence_number, ${MOMENT}, event_type,
    CASE WHEN pg_catalog.pg_column_size(payload) <= ${LARGE_PAYLOAD} THEN payload END
  FROM ${schema}.events
  WHERE sequence_number > $1::bigint AND state.head - $1::bigint <= ${MAX_READ_FACTS}
  ORDER BY events.sequence_number
) AS facts ON TRUE`,
    values: [String(after)],
  };
}

export function readLogState(rows: readonly PgRow[], after: number): LogState {
  const [head, newestId, headAt, knownAt] = rows[0]!;
  const facts = rows
    .filter((row) => row[4] !== null)
    .map(([, , , , number, at, event_type, payload]) => ({
      number: Number(number),
      at: at!,
      event_type: event_type!,
      payload: payload == null ? undefined : (JSON.parse(payload) as unknown),
      size: payload?.length ?? 0,
    }));
  return {
    head: BigInt(head!),
    headAt: headAt ?? '',
    knownAt: knownAt ?? null,
    newestId: newestId == null ? null : Number(newestId),
    facts: facts.length === 0 && BigInt(head!) > BigInt(after) ? null : facts,
  };
}
