import type { SnapshotReader } from '../database/database.types.js';
import { finding, good, note } from './symptom.js';
import type { Symptom } from './symptom.js';

/** Transactions since the oldest row was frozen, of about two billion that there can be. */
const OLD_ROWS = 1_000_000_000;
/** Dead rows, and how many times more than living ones, from which on it is told. */
const MANY_DEAD = 10_000;
const TIMES_DEAD = 10;
/** In kB; the store sets it on its index. */
const MAX_PENDING_KB = 64;

const AGES = `
SELECT c.relname, pg_catalog.age(c.relfrozenxid)::text, coalesce(pg_catalog.array_to_string(c.reloptions, ','), ''),
  coalesce(s.n_live_tup, 0)::text, coalesce(s.n_dead_tup, 0)::text, pg_catalog.row_security_active(c.oid)::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid
WHERE n.nspname = $1 AND c.relkind = 'r'
  AND (c.relname IN ('events', 'append_batches', 'store_metadata', 'durable_stream_cursors') OR c.relname LIKE 'nestjs\\_factstr\\_%')
ORDER BY c.relname`;

const PENDING = `
SELECT coalesce(pg_catalog.substring(pg_catalog.array_to_string(c.reloptions, ','), 'gin_pending_list_limit=([0-9]+)'),
  (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'gin_pending_list_limit'))
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = 'idx_events_payload_gin'`;

const COLLATION = `
SELECT datcollversion, pg_catalog.pg_database_collation_actual_version(oid)
FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`;

export async function examinePostgresTables(read: SnapshotReader): Promise<Symptom[]> {
  return [
    ...(await examineTables(read)),
    ...(await examinePending(read)),
    ...(await examineCollation(read)),
    note(
      'disk',
      'a server does not tell how much is free on its disk; a full one stops appends',
      'watch it on the machine; stats tells how large the database is',
    ),
  ];
}

async function examineTables(read: SnapshotReader): Promise<Symptom[]> {
  const symptoms: Symptom[] = [];
  for await (const [table, age, options, live, dead, hidden] of read.rows(AGES, [read.schema])) {
    if (hidden === 'true') {
      symptoms.push(
        finding(
          'row_security',
          `policies of ${table} apply to this role, and could hide facts: a store refuses to open`,
          `grant the role BYPASSRLS, connect as the owner, or ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`,
        ),
      );
    }
    if (/autovacuum_enabled=(off|false|0|no)/.test(options!)) {
      symptoms.push(
        finding(
          'vacuum',
          `autovacuum is off for ${table}`,
          `ALTER TABLE ${table} RESET (autovacuum_enabled)`,
        ),
      );
    }
    if (Number(age) > OLD_ROWS) {
      symptoms.push(
        finding(
          'wraparound',
          `the oldest row of ${table} is ${Number(age).toLocaleString('en-US')} transactions old; at two billion the server stops to write`,
          `VACUUM (FREEZE) ${table}, and look for old transactions that keep autovacuum from it`,
        ),
      );
    }
    if (Number(dead) > MANY_DEAD && Number(dead) > TIMES_DEAD * Number(live)) {
      symptoms.push(
        finding(
          'vacuum',
          `${table} has ${dead} dead rows and ${live} living ones: autovacuum does not come to it, or an old transaction hinders it`,
          `VACUUM ${table}, and look for old transactions`,
        ),
      );
    }
  }
  return symptoms.length > 0 ? symptoms : [good('vacuum', 'tables are kept tidy')];
}

async function examinePending(read: SnapshotReader): Promise<Symptom[]> {
  const row = await read.row(PENDING, [read.schema]);
  if (row?.[0] == null) return [];
  const says = `${row[0]} kB for the index of payloads`;
  return [
    Number(row[0]) <= MAX_PENDING_KB
      ? good('gin_pending_list_limit', says)
      : finding(
          'gin_pending_list_limit',
          `${says}: every look-up by payload scans a list of up to that size`,
          'migrate sets 64 kB',
        ),
  ];
}

/** Since version 15 the server knows by which version of its collation indexes were made. */
async function examineCollation(read: SnapshotReader): Promise<Symptom[]> {
  const version = await read.row("SELECT pg_catalog.current_setting('server_version_num')");
  if (Number(version![0]) < 150_000) return [];
  const row = await read.row(COLLATION);
  const [made, actual] = row ?? [];
  if (made == null || actual == null || made === actual) return [];
  return [
    finding(
      'collation',
      `indexes of texts were made by version ${made} of the collation, and the machine has ${actual}: look-ups may miss rows`,
      'REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION',
    ),
  ];
}
