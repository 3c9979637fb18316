import type { QueryResult } from '../../../contract/contract.types.js';
import { MAX_SEQUENCE_NUMBER } from '../../../contract/limits.js';
import { WHOLE_CONTEXT } from '../../../contract/query-page.js';
import type { PreparedPage } from '../../../contract/query-page.js';
import type { PreparedQuery } from '../../../contract/validation.js';
import { matchesEveryFact } from '../../../matching/matches-query.js';
import type { PgRow, PgStatement } from '../connection/driver.js';
import { Parameters, filterCondition, sqlFilters } from './filters.js';
import type { SqlFilter } from './filters.js';
import { RECORD_COLUMNS, openedEvents, toRecord } from '../connection/records.js';
import type { OpenedLog } from '../connection/records.js';

/** The numbers beyond `after` and up to `last`. */
export interface LogRange {
  readonly after: number;
  readonly last: number;
}

interface AskedRange extends LogRange {
  readonly limit: number;
  readonly descending?: boolean;
}

/**
 * One statement, hence one snapshot, for rows and context version. Each row carries the version in its last
 * column; a context without rows to return has one row that holds nothing else.
 */
export function queryStatement(
  query: PreparedQuery,
  log: OpenedLog,
  page: PreparedPage,
): PgStatement {
  const { limit, descending, upTo } = page;
  const parameters = new Parameters();
  const filters = sqlFilters(query);
  const condition = filterCondition(filters, parameters);
  const events = openedEvents(log);
  const after = query.min_sequence_number ?? 0n;
  if (matchesEveryFact(query) && limit !== Infinity) return pageOfAll(log, after, page);
  if (after === 0n && page === WHOLE_CONTEXT) {
    // The last row is the context's newest. Ordered by the table's column: the selected one is text.
    const text = `SELECT ${RECORD_COLUMNS} FROM ${events} WHERE ${condition} ORDER BY events.sequence_number`;
    return { text, values: parameters.values };
  }
  const beyond =
    after === 0n ? '' : ` AND sequence_number > ${parameters.add(String(after), 'bigint')}`;
  const within =
    upTo === null ? '' : ` AND sequence_number <= ${parameters.add(String(upTo), 'bigint')}`;
  const rows = limit === Infinity ? 'NULL' : parameters.add(limit, 'bigint');
  const order = descending ? ' DESC' : '';
  // A page that is not full ends with the context's newest fact, which need not be looked for then, and the page of
  // the newest facts begins with it; unless there are others beyond its end.
  const full = descending ? MAX_SEQUENCE_NUMBER : `coalesce(${rows}, ${MAX_SEQUENCE_NUMBER})`;
  const newest = newestSql(filters, condition, events);
  const version =
    upTo === null
      ? `CASE
    WHEN (SELECT count(*) FROM page) BETWEEN 1 AND ${full} - 1
      THEN (SELECT max(sequence_number) FROM page)
    ELSE (${newest})
  END`
      : `(${newest})`;
  const text = `
WITH page AS MATERIALIZED (
  SELECT sequence_number, occurred_at, event_type, payload FROM ${events}
  WHERE (${condition})${beyond}${within}
  ORDER BY sequence_number${order} LIMIT ${rows}
), context AS MATERIALIZED (
  SELECT ${version} AS version
)
SELECT ${RECORD_COLUMNS}, context.version::text
FROM context LEFT JOIN page ON TRUE
ORDER BY page.sequence_number${order}`;
  return { text, values: parameters.values };
}

/** A page of the whole log. */
function pageOfAll(
  opened: OpenedLog,
  after: bigint,
  { limit, descending, upTo }: PreparedPage,
): PgStatement {
  const order = descending ? ' DESC' : '';
  return {
    name: `read-page${descending ? '-back' : ''}${upTo === null ? '' : '-up-to'} ${opened.log}`,
    text: `SELECT page.*, context.version::text
FROM (SELECT max(sequence_number) AS version FROM ${openedEvents(opened)}) AS context
LEFT JOIN LATERAL (
  SELECT ${RECORD_COLUMNS} FROM ${opened.schema}.events
  WHERE sequence_number > $1::bigint${upTo === null ? '' : ' AND sequence_number <= $3::bigint'}
  ORDER BY events.sequence_number${order} LIMIT $2::bigint
) AS page ON TRUE
ORDER BY page.sequence_number${order}`,
    values: [String(after), limit, ...(upTo === null ? [] : [String(upTo)])],
  };
}

/** The first `limit` facts of part of the log that match, oldest or newest first. */
export function rowsStatement(
  query: PreparedQuery,
  log: OpenedLog,
  { after, last, limit, descending = false }: AskedRange,
): PgStatement {
  const parameters = new Parameters();
  const condition = filterCondition(sqlFilters(query), parameters);
  const range = rangeCondition({ after, last }, parameters);
  const rows = limit === Infinity ? 'NULL' : parameters.add(limit, 'bigint');
  const text = `SELECT ${RECORD_COLUMNS} FROM ${openedEvents(log)}
WHERE (${condition}) AND ${range} ORDER BY events.sequence_number${descending ? ' DESC' : ''} LIMIT ${rows}`;
  return { text, values: parameters.values };
}

/** The newest fact of part of the log that matches. */
export function newestStatement(
  query: PreparedQuery,
  log: OpenedLog,
  range: LogRange,
): PgStatement {
  const parameters = new Parameters();
  const filters = sqlFilters(query);
  const condition = `(${filterCondition(filters, parameters)}) AND ${rangeCondition(range, parameters)}`;
  const text = `SELECT (${newestSql(filters, condition, openedEvents(log))})::text`;
  return { text, values: parameters.values };
}

function rangeCondition({ after, last }: LogRange, parameters: Parameters): string {
  const beyond = parameters.add(String(after), 'bigint');
  return `sequence_number > ${beyond} AND sequence_number <= ${parameters.add(String(last), 'bigint')}`;
}

/** OFFSET 0 keeps the planner from scanning the primary key backwards in search of a rare payload. */
function newestSql(filters: readonly SqlFilter[], condition: string, events: string): string {
  return filters.every(({ containers }) => containers === null)
    ? `SELECT max(sequence_number) FROM ${events} WHERE ${condition}`
    : `SELECT max(n) FROM (SELECT sequence_number AS n FROM ${events} WHERE ${condition} OFFSET 0) AS matching`;
}

export function queryResult(rows: readonly PgRow[]): QueryResult {
  const event_records = rows.filter((row) => row[0] !== null).map(toRecord);
  const last = event_records.at(-1)?.sequence_number ?? null;
  const version = rows[0]?.[4];
  return {
    event_records,
    last_returned_sequence_number: last,
    current_context_version:
      version === undefined ? last : version === null ? null : BigInt(version),
  };
}
