import { duration } from '../../support/duration.js';
import type { SnapshotReader } from '../database/database.types.js';
import { finding, good, note } from './symptom.js';
import type { Symptom, Thresholds } from './symptom.js';

/** At most so many sessions are named. */
const MAX_NAMED = 10;
/** Bytes of the server's log that a replication slot may hold back. */
const MUCH_HELD_BACK = 1_000_000_000;

/** Sessions of this database that others wait for, and for how long the longest waits, in milliseconds. */
const BLOCKERS = `
SELECT blocker.pid::text, coalesce(blocker.application_name, ''), coalesce(blocker.state, 'unknown'),
  (extract(epoch FROM max(pg_catalog.clock_timestamp() - waiting.query_start)) * 1000)::bigint::text, count(*)::text
FROM pg_catalog.pg_stat_activity AS waiting
CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(waiting.pid)) AS by (pid)
JOIN pg_catalog.pg_stat_activity AS blocker ON blocker.pid = by.pid
WHERE waiting.datname = pg_catalog.current_database() AND waiting.wait_event_type = 'Lock'
GROUP BY 1, 2, 3
HAVING max(pg_catalog.clock_timestamp() - waiting.query_start) > CAST($1 AS double precision) * interval '1 millisecond'
ORDER BY max(pg_catalog.clock_timestamp() - waiting.query_start) DESC`;

const LONG = `
SELECT pid::text, coalesce(application_name, ''), coalesce(state, 'unknown'),
  (extract(epoch FROM pg_catalog.clock_timestamp() - xact_start) * 1000)::bigint::text
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
  AND xact_start < pg_catalog.clock_timestamp() - CAST($1 AS double precision) * interval '1 millisecond'
  AND backend_type = 'client backend'
ORDER BY xact_start`;

const PREPARED = `
SELECT gid, (extract(epoch FROM pg_catalog.clock_timestamp() - prepared) * 1000)::bigint::text
FROM pg_catalog.pg_prepared_xacts
WHERE database = pg_catalog.current_database()
  AND prepared < pg_catalog.clock_timestamp() - CAST($1 AS double precision) * interval '1 millisecond'`;

const SLOTS = `
SELECT slot_name, pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::bigint::text
FROM pg_catalog.pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL`;

export async function examinePostgresActivity(
  read: SnapshotReader,
  thresholds: Thresholds,
): Promise<Symptom[]> {
  return [
    ...(await examineBlockers(read, thresholds)),
    ...(await examineLong(read, thresholds)),
    ...(await examineSlots(read)),
  ];
}

async function examineBlockers(read: SnapshotReader, { slow }: Thresholds): Promise<Symptom[]> {
  const symptoms: Symptom[] = [];
  for await (const [pid, name, state, waited, count] of read.rows(BLOCKERS, [String(slow)])) {
    if (symptoms.length === MAX_NAMED) break;
    symptoms.push(
      finding(
        'locks',
        `session ${pid}${named(name)}, ${state}, holds a lock for which ${count} of this database wait, the longest for ${duration(Number(waited))}`,
        `let it end its transaction, or SELECT pg_terminate_backend(${pid})`,
      ),
    );
  }
  return symptoms.length > 0 ? symptoms : [good('locks', 'no session waits long for another one')];
}

async function examineLong(read: SnapshotReader, { slow }: Thresholds): Promise<Symptom[]> {
  const symptoms: Symptom[] = [];
  for await (const [pid, name, state, age] of read.rows(LONG, [String(slow)])) {
    if (symptoms.length === MAX_NAMED) break;
    const isIdle = state!.startsWith('idle');
    const says = `the transaction of session ${pid}${named(name)}, ${state}, is ${duration(Number(age))} old`;
    symptoms.push(
      isIdle
        ? finding(
            'transactions',
            `${says}: it keeps its locks, and dead rows from being removed`,
            `end it: SELECT pg_terminate_backend(${pid}); set idle_in_transaction_session_timeout`,
          )
        : note('transactions', says),
    );
  }
  for await (const [name, age] of read.rows(PREPARED, [String(slow)])) {
    symptoms.push(
      finding(
        'transactions',
        `the prepared transaction ${JSON.stringify(name)} is ${duration(Number(age))} old, and keeps its locks over restarts`,
        'COMMIT PREPARED or ROLLBACK PREPARED it',
      ),
    );
  }
  return symptoms.length > 0 ? symptoms : [good('transactions', 'none is old')];
}

async function examineSlots(read: SnapshotReader): Promise<Symptom[]> {
  const standby = await read.row('SELECT pg_catalog.pg_is_in_recovery()::text');
  if (standby![0] === 'true') return [];
  const symptoms: Symptom[] = [];
  for await (const [name, held] of read.rows(SLOTS)) {
    if (Number(held) < MUCH_HELD_BACK) continue;
    symptoms.push(
      finding(
        'replication_slots',
        `nothing reads the slot ${name}, which holds ${(Number(held) / 1e9).toFixed(1)} GB of the server’s log back: the disk fills up`,
        `start its reader, or SELECT pg_drop_replication_slot('${name}')`,
      ),
    );
  }
  return symptoms;
}

function named(name: string | null | undefined): string {
  return name ? ` (${name})` : '';
}
