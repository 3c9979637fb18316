import type { SqlDialect } from './sql-steps.js';

/** Where the cursor store's tables are. Names are ours, or quoted by the caller; never input. */
export interface CursorTables {
  /** The cursors: FACTSTR's table, or one of the same shape in a read model's database. */
  readonly cursors: string;
  /** The cursor table's name column. */
  readonly cursorName: string;
  readonly streams: string;
  readonly parked: string;
  readonly interventions: string;
  /** Whether the streams' table has the columns `place`: a read model's table has none, since it is not asked for them. */
  readonly hasPlace?: boolean;
}

export type CursorSql = ReturnType<typeof cursorSql>;

/** The tables' columns, as they stand between the parentheses of CREATE TABLE. */
export function cursorColumns(dialect: SqlDialect) {
  const integer = dialect === 'postgres' ? 'bigint' : 'INTEGER';
  const time = dialect === 'postgres' ? 'timestamptz' : 'TEXT';
  const counter =
    dialect === 'postgres'
      ? 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY'
      : 'INTEGER PRIMARY KEY';
  return {
    /** FACTSTR's shape, for a read model's database. */
    cursors: `
  name TEXT PRIMARY KEY,
  event_query TEXT NOT NULL,
  last_processed_sequence_number ${integer} NOT NULL`,
    streams: `
  name TEXT PRIMARY KEY,
  fingerprint_sequence_number ${integer},
  fingerprint TEXT,
  epoch ${integer} NOT NULL DEFAULT 0,
  renewals ${integer} NOT NULL DEFAULT 0,
  owner TEXT,
  lease_until ${time},
  paused ${integer} NOT NULL DEFAULT 0,
  retry_parked ${integer} NOT NULL DEFAULT 0,
  report TEXT,
  active_version ${integer}`,
    /** Of the fact store's `streams`, by name. Older tables get them when a store is opened. */
    place: { cursor_place: dialect === 'postgres' ? 'text' : 'TEXT', cursor_place_after: integer },
    parked: `
  name TEXT NOT NULL,
  sequence_number ${integer} NOT NULL,
  error TEXT NOT NULL,
  attempts ${integer} NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (name, sequence_number)`,
    interventions: `
  id ${counter},
  name TEXT NOT NULL,
  verb TEXT NOT NULL,
  by_whom TEXT,
  position ${integer},
  at TEXT NOT NULL`,
  };
}

/**
 * The statements. Numbers come in and go out as text: drivers differ in what they make of 64 bits. The fenced
 * ones return a row exactly when the epoch still is the given one; on Postgres their UPDATE also locks the row,
 * so that no takeover can pass between the check and the commit. With `flushed: false` a cursor's move does not
 * wait for Postgres's disk: a crash of the server may cost the newest positions, whose facts come again.
 */
export function cursorSql(dialect: SqlDialect, tables: CursorTables, { flushed = true } = {}) {
  const { cursors, cursorName, streams, parked, interventions, hasPlace = false } = tables;
  const number = (placeholder: string): string =>
    `CAST(${placeholder} AS ${dialect === 'postgres' ? 'bigint' : 'INTEGER'})`;
  const until = (ttl: string): string =>
    dialect === 'postgres'
      ? `clock_timestamp() + CAST(${ttl} AS double precision) * interval '1 millisecond'`
      : `CASE WHEN ${ttl} IS NULL THEN NULL END`;
  const expired =
    dialect === 'postgres'
      ? 's.lease_until IS NOT NULL AND s.lease_until < clock_timestamp()'
      : '1 = 0';
  const greatest = dialect === 'postgres' ? 'greatest' : 'max';
  /** Forward only, as the position, wherever that was put meanwhile: both columns move, or none. */
  const isNew = `coalesce(fingerprint_sequence_number, -1) <> ${number('$3')}
    AND (SELECT c.last_processed_sequence_number FROM ${cursors} c WHERE c.${cursorName} = $1) <= ${number('$3')}`;
  const markSet = `fingerprint = CASE WHEN ${isNew} THEN $4 ELSE fingerprint END,
  fingerprint_sequence_number = CASE WHEN ${isNew} THEN ${number('$3')} ELSE fingerprint_sequence_number END`;
  const text = (expression: string): string => `CAST(${expression} AS text)`;
  return {
    createCursor: `INSERT INTO ${cursors} (${cursorName}, event_query, last_processed_sequence_number)
VALUES ($1, $2, ${number('$3')})
ON CONFLICT (${cursorName}) DO NOTHING`,
    createStream: `INSERT INTO ${streams} (name) VALUES ($1) ON CONFLICT (name) DO NOTHING`,
    find: `SELECT ${text('c.last_processed_sequence_number')} AS position, c.event_query,
  ${text('s.fingerprint_sequence_number')} AS fingerprint_at, s.fingerprint,
  ${text('coalesce(s.epoch, 0)')} AS epoch, ${text('coalesce(s.renewals, 0)')} AS renewals, s.owner,
  CASE WHEN ${expired} THEN '1' ELSE '0' END AS expired,
  ${text('coalesce(s.paused, 0)')} AS paused, ${text('coalesce(s.retry_parked, 0)')} AS retry_parked, s.report,
  ${text(`(SELECT count(*) FROM ${parked} p WHERE p.name = c.${cursorName})`)} AS parked_count,
  (SELECT min(p.at) FROM ${parked} p WHERE p.name = c.${cursorName}) AS parked_since
FROM ${cursors} c LEFT JOIN ${streams} s ON s.name = c.${cursorName}
WHERE c.${cursorName} = $1`,
    claim: `UPDATE ${streams}
SET epoch = epoch + 1, renewals = 0, owner = $4, lease_until = ${until('$5')}
WHERE name = $1 AND epoch = ${number('$2')} AND renewals = ${number('$3')}
RETURNING ${text('epoch')} AS epoch`,
    renew: `UPDATE ${streams}
SET renewals = renewals + 1, lease_until = ${until('$3')}
WHERE name = $1 AND epoch = ${number('$2')}
RETURNING '1' AS fenced`,
    release: `UPDATE ${streams} SET owner = NULL, lease_until = NULL
WHERE name = $1 AND epoch = ${number('$2')}`,
    mark: `UPDATE ${streams} SET ${markSet}
WHERE name = $1 AND epoch = ${number('$2')}
RETURNING '1' AS fenced`,
    move: `UPDATE ${cursors} SET last_processed_sequence_number = ${greatest}(last_processed_sequence_number, ${number('$2')})
WHERE ${cursorName} = $1
RETURNING '1' AS moved`,
    /** Postgres does both in one round trip; SQLite has no data-modifying CTEs, and no round trips either. */
    markAndMove:
      dialect === 'postgres'
        ? `WITH fenced AS (
  UPDATE ${streams} SET ${markSet}
  WHERE name = $1 AND epoch = ${number('$2')}${
    // Cheaper here than in a CTE of its own, which cost a seventh of the statement.
    flushed ? '' : `\n    AND pg_catalog.set_config('synchronous_commit', 'off', true) = 'off'`
  }
  RETURNING 1
), moved AS (
  UPDATE ${cursors} SET last_processed_sequence_number = greatest(last_processed_sequence_number, ${number('$3')})
  WHERE ${cursorName} = $1 AND EXISTS (SELECT 1 FROM fenced)
  RETURNING 1
)
SELECT '1' AS moved FROM moved`
        : null,
    report: `UPDATE ${streams} SET report = $3
WHERE name = $1 AND epoch = ${number('$2')}
RETURNING '1' AS fenced`,
    check: `UPDATE ${streams} SET epoch = epoch
WHERE name = $1 AND epoch = ${number('$2')}
RETURNING '1' AS fenced`,
    fence: `UPDATE ${streams} SET epoch = epoch + 1, renewals = 0, owner = NULL, lease_until = NULL WHERE name = $1`,
    setPaused: `UPDATE ${streams} SET paused = ${number('$2')} WHERE name = $1`,
    setRetryParked: `UPDATE ${streams} SET retry_parked = 1 WHERE name = $1`,
    retriedParked: `UPDATE ${streams} SET retry_parked = 0
WHERE name = $1 AND NOT EXISTS (SELECT 1 FROM ${parked} p WHERE p.name = $1)`,
    endRetryParked: `UPDATE ${streams} SET retry_parked = 0 WHERE name = $1`,
    setPosition: `UPDATE ${cursors} SET last_processed_sequence_number = ${number('$2')} WHERE ${cursorName} = $1`,
    forgetFingerprint: `UPDATE ${streams} SET fingerprint = NULL, fingerprint_sequence_number = NULL WHERE name = $1`,
    changeQuery: `UPDATE ${cursors} SET event_query = $2
WHERE ${cursorName} = $1 AND event_query = $3 AND last_processed_sequence_number = ${number('$4')}
RETURNING '1' AS changed`,
    setQuery: `UPDATE ${cursors} SET event_query = $2 WHERE ${cursorName} = $1`,
    activeVersion: `SELECT ${text('active_version')} AS active_version FROM ${streams} WHERE name = $1`,
    activate: `UPDATE ${streams} SET active_version = ${number('$2')} WHERE name = $1`,
    record: `INSERT INTO ${interventions} (name, verb, by_whom, position, at)
VALUES ($1, $2, $3, ${number('$4')}, $5)`,
    /**
     * The release before this one says it by the intervention alone: one after `cursor_place_after` is newer. To be
     * left out when such a process cannot be there any more.
     */
    place: `SELECT coalesce((
  SELECT verb FROM ${interventions}
  WHERE name = $1 AND verb IN ('transactional', 'plain', 'reset', 'rebuild')
    AND id > coalesce(s.cursor_place_after, 0)
  ORDER BY id DESC LIMIT 1), s.cursor_place) AS place
FROM (SELECT 1 AS row) AS one LEFT JOIN ${streams} s ON s.name = $1`,
    setPlace: hasPlace
      ? `UPDATE ${streams} SET cursor_place = $2,
  cursor_place_after = (SELECT max(id) FROM ${interventions} WHERE name = $1)
WHERE name = $1`
      : null,
    park: `INSERT INTO ${parked} (name, sequence_number, error, attempts, at)
VALUES ($1, ${number('$2')}, $3, ${number('$4')}, $5)
ON CONFLICT (name, sequence_number) DO UPDATE SET error = excluded.error, attempts = excluded.attempts, at = excluded.at`,
    parked: `SELECT ${text('sequence_number')} AS sequence_number, error, ${text('attempts')} AS attempts, at
FROM ${parked} WHERE name = $1 ORDER BY ${parked}.sequence_number`,
    unpark: `DELETE FROM ${parked} WHERE name = $1 AND sequence_number = ${number('$2')}`,
    discardParked: `DELETE FROM ${parked} WHERE name = $1`,
    interventions: `SELECT verb, by_whom, ${text('position')} AS position, at
FROM ${interventions} WHERE name = $1 ORDER BY ${interventions}.id`,
  };
}
