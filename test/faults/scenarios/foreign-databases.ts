import { readFileSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { FactstrPostgresStore } from 'nestjs-factstr';
import { Opener } from '../support/opener.js';
import type { Random } from '../../support/random.js';
import type { Round } from '../support/round.js';
import type { Scenario } from '../support/scenario.js';
import { execute, rowsOf } from '../support/storage.js';
import { failureOf } from '../../support/failure-of.js';

const REFUSALS = ['FOREIGN_DATABASE', 'DAMAGED_DATABASE', 'UNSUPPORTED_FORMAT'];

/** Tables of our names that are somebody else's. */
const TABLES = [
  'CREATE TABLE events (id INTEGER PRIMARY KEY, name TEXT)',
  'CREATE TABLE events (sequence_number TEXT PRIMARY KEY, occurred_at TEXT, event_type TEXT, payload TEXT)',
  'CREATE TABLE append_batches (first INTEGER, last INTEGER)',
  'CREATE TABLE store_metadata (name TEXT PRIMARY KEY, value TEXT)',
  'CREATE TABLE nestjs_factstr_streams (id INTEGER PRIMARY KEY)',
  "CREATE VIEW events AS SELECT 1 AS sequence_number, '' AS occurred_at, '' AS event_type, '' AS payload",
];

/** What is not ours is refused, and left as it is. */
export const foreignDatabases: Scenario = {
  name: 'foreign-databases',
  fault: 'files and databases that are somebody else’s',
  providers: ['sqlite', 'postgres'],
  faults: [30, 8],
  run: (round, provider) => (provider === 'sqlite' ? openFiles(round) : openDatabases(round)),
};

async function openFiles(round: Round): Promise<void> {
  let opener: Opener | undefined;
  await round.forEachFault(async (index) => {
    const path = await round.file(`foreign-${index}`);
    const what = writeForeign(path, round.random);
    const bytes = readFileSync(path);
    if (opener === undefined) opener = new Opener(round, path);
    else opener.open(path);
    const { refused } = await opener.result();
    if (refused === undefined || !REFUSALS.includes(refused.code)) {
      round.unexpected(`${what}: ${refused?.code ?? 'was accepted'} ${refused?.message ?? ''}`);
    }
    if (!readFileSync(path).equals(bytes)) round.unexpected(`${what} was changed`);
  });
  await opener?.stop();
}

/** Writes a file that is none of ours, and says what it is. */
function writeForeign(path: string, random: Random): string {
  const header = Buffer.from('SQLite format 3\0');
  const noise = Buffer.from(
    Array.from({ length: random.int(1, 20_000) }, () => random.int(0, 255)),
  );
  switch (random.int(0, 4)) {
    case 0:
      writeFileSync(path, noise);
      return `a file of ${noise.length} random bytes`;
    case 1:
      writeFileSync(path, 'Dear diary, today I met a database. '.repeat(random.int(1, 500)));
      return 'a text';
    case 2:
      writeFileSync(path, Buffer.concat([header, noise]));
      return `SQLite's first bytes and ${noise.length} random ones`;
    case 3:
      writeFileSync(path, header.subarray(0, random.int(1, header.length)));
      return 'a part of SQLite’s first bytes';
    default: {
      const database = new Sqlite(path);
      const sql = random.pick(TABLES);
      database.exec(sql);
      database.close();
      return `a database with ${sql}`;
    }
  }
}

async function openDatabases(round: Round): Promise<void> {
  await round.forEachFault(async () => {
    const { url } = await round.database();
    const database = { kind: 'postgres', url } as const;
    const sql = round.random.pick(TABLES);
    await execute(database, sql);
    const before = await objectsOf(url);
    const store = new FactstrPostgresStore(url);
    const failure: (Error & { code?: string }) | undefined = await failureOf(() =>
      store.append([{ event_type: 'a', payload: {} }]),
    );
    await store.close();
    if (failure === undefined || !REFUSALS.includes(failure.code ?? '')) {
      round.unexpected(`${sql}: ${failure?.code ?? 'was accepted'} ${failure?.message ?? ''}`);
    }
    if ((await objectsOf(url)) !== before) round.unexpected(`a database with ${sql} was changed`);
  });
}

/** Every column of every table and view, and every index and function. */
async function objectsOf(url: string): Promise<string> {
  const rows = await rowsOf<{ name: string }>(
    { kind: 'postgres', url },
    `SELECT c.relname || '.' || coalesce(a.attname, '') || ' ' || coalesce(a.atttypid::regtype::text, '') AS name
     FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
     WHERE c.relnamespace = 'public'::regnamespace
     UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     ORDER BY 1`,
  );
  return rows.map(({ name }) => name).join();
}
