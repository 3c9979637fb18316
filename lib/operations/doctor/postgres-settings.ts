import { SESSION_MARK } from '../../stores/postgres/connection/target.js';
import type { SnapshotReader } from '../database/database.types.js';
import { finding, good, note } from './symptom.js';
import type { Symptom } from './symptom.js';

/** What a setting has to be, and what happens otherwise. */
const SETTINGS: Readonly<Record<string, { want: string; says: string }>> = {
  fsync: {
    want: 'on',
    says: 'a crash of the machine may destroy the database, acknowledged facts with it',
  },
  full_page_writes: {
    want: 'on',
    says: 'a crash of the machine may leave pages of which half is written',
  },
  synchronous_commit: {
    want: 'on',
    says: 'a crash of the server may lose the newest appends of other programs; this package sets it for its own',
  },
  zero_damaged_pages: { want: 'off', says: 'damaged pages are taken for empty: facts vanish' },
  ignore_checksum_failure: { want: 'off', says: 'damaged pages are read as if they were whole' },
  autovacuum: {
    want: 'on',
    says: 'tables grow, and the server stops to write when transaction ids run out',
  },
};
/** Clocks that differ by more are told, in milliseconds. */
const MAX_CLOCK_DIFFERENCE_MS = 1_000;
/** The share of connections that are used, from which on it is told. */
const MANY_CONNECTIONS = 0.9;
const LEAST_VERSION = 130_000;

export async function examinePostgresSettings(read: SnapshotReader): Promise<Symptom[]> {
  return [
    await examineVersion(read),
    ...(await examineNames(read)),
    await examineStandby(read),
    await examinePooler(read),
    await examineClock(read),
    await examineConnections(read),
    await examineEncoding(read),
  ];
}

async function examineVersion(read: SnapshotReader): Promise<Symptom> {
  const row = await read.row(
    `SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_setting('server_version_num'), pg_catalog.current_database()`,
  );
  const says = `Postgres ${row![0]}, database ${row![2]}, schema ${read.schema}`;
  return Number(row![1]) >= LEAST_VERSION
    ? good('server', says)
    : finding('server', says, 'upgrade the server: it gets no corrections any more');
}

async function examineNames(read: SnapshotReader): Promise<Symptom[]> {
  const symptoms: Symptom[] = [];
  for (const [name, { want, says }] of Object.entries(SETTINGS)) {
    const [value] = (await read.row('SELECT pg_catalog.current_setting($1, true)', [name]))!;
    // `local`, `remote_write` and more are choices that an acknowledged fact survives a crash with.
    const isWell = value === want || (name === 'synchronous_commit' && value !== 'off');
    symptoms.push(
      isWell
        ? good(name, value!)
        : finding(
            name,
            `it is ${value}: ${says}`,
            `set ${name} = ${want} for the server, the database and the role`,
          ),
    );
  }
  return symptoms;
}

async function examineStandby(read: SnapshotReader): Promise<Symptom> {
  const row = await read.row(
    `SELECT pg_catalog.pg_is_in_recovery()::text, pg_catalog.current_setting('default_transaction_read_only')`,
  );
  if (row![0] === 'true') {
    return finding('writable', 'the server is a standby: appends fail', 'connect to the primary');
  }
  return row![1] === 'on'
    ? finding(
        'writable',
        'default_transaction_read_only is on: appends fail',
        'set it off for the database and the role',
      )
    : good('writable', 'yes');
}

async function examinePooler(read: SnapshotReader): Promise<Symptom> {
  const row = await read.row('SELECT pg_catalog.current_setting($1, true)', [SESSION_MARK]);
  return row![0] === 'on'
    ? good('pooler', 'none, or one that gives each client a session')
    : note(
        'pooler',
        'it shares sessions between transactions: appends are right, prepared statements are not used, and streams hear of other processes’ facts by polling only',
        'have applications with streams connect to the server itself, or to a pool in session mode',
      );
}

async function examineClock(read: SnapshotReader): Promise<Symptom> {
  const before = Date.now();
  const row = await read.row(
    'SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint::text',
  );
  const after = Date.now();
  const server = Number(row![0]);
  const difference = server < before ? server - before : server > after ? server - after : 0;
  const says = `the server’s clock is ${Math.abs(difference)} ms ${difference < 0 ? 'behind' : 'ahead of'} this machine’s`;
  return Math.abs(difference) > MAX_CLOCK_DIFFERENCE_MS
    ? finding('clock', says, 'let both follow a time server (NTP): ages of facts are told wrongly')
    : good('clock', says);
}

async function examineConnections(read: SnapshotReader): Promise<Symptom> {
  const row = await read.row(
    `SELECT count(*)::text, pg_catalog.current_setting('max_connections') FROM pg_catalog.pg_stat_activity
WHERE backend_type = 'client backend'`,
  );
  const [used, most] = row!.map(Number) as [number, number];
  const says = `${used} of ${most} are used`;
  return used > most * MANY_CONNECTIONS
    ? finding(
        'connections',
        says,
        'make pools smaller (pool.max), or put a pooler before the server',
      )
    : good('connections', says);
}

async function examineEncoding(read: SnapshotReader): Promise<Symptom> {
  const row = await read.row("SELECT pg_catalog.current_setting('server_encoding')");
  return row![0] === 'UTF8'
    ? good('encoding', 'UTF8')
    : finding(
        'encoding',
        `it is ${row![0]}, which cannot hold every text`,
        "CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8', and move the facts there",
      );
}
