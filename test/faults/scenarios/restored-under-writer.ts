import Sqlite from 'better-sqlite3';
import { FactstrSqliteStore } from 'nestjs-factstr';
import type { NewEvent } from 'nestjs-factstr';
import type { Random } from '../../support/random.js';
import type { Round } from '../support/round.js';
import type { Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';

const CONTEXTS = 4;

/** An older log that comes into the file of a running store decides, and not what the store remembers. */
export const restoredUnderWriter: Scenario = {
  name: 'restored-under-writer',
  fault: 'an older log restored into the file of a running store, also grown past what it knew',
  providers: ['sqlite'],
  faults: [12, 4],
  async run(round, provider) {
    const options = await newStore(round, provider);
    if (options.provider !== 'sqlite') return;
    const store = new FactstrSqliteStore(options.path);
    round.later(() => store.close());
    await round.forEachFault(() => restoreOnce(round, options.path, store));
  },
};

async function restoreOnce(round: Round, path: string, store: FactstrSqliteStore): Promise<void> {
  const { random } = round;
  append(round, store, random.int(1, 400));
  const copy = await round.file(round.name('copy'));
  using(path, (database) => database.prepare('VACUUM INTO ?').run(copy));
  append(round, store, random.int(1, 400));
  const known = contexts().map((context) => store.query(about(context)).current_context_version);
  // Others go on with the copy: it may be shorter than what the store knows, as long, or longer.
  using(copy, (database) => insert(database, random, random.int(0, 800)));
  const byRows = random.chance(0.5);
  if (byRows) using(path, (database) => copyRows(database, copy));
  else await backUp(copy, path);
  if (random.chance(0.3)) append(round, store, random.int(1, 5));
  for (const context of contexts()) {
    const expected = known[context - 1] ?? null;
    const actual = using(path, (database) => versionOf(database, context));
    const { append_result, conflict } = store.appendIf([fact(context)], about(context), expected);
    const isRight =
      append_result == null
        ? (conflict?.actual_context_version ?? null) === actual && actual !== expected
        : actual === expected;
    if (append_result != null) round.tally.acknowledged++;
    if (isRight) continue;
    round.unexpected(
      `restored ${byRows ? 'by rows' : 'by a backup'}: appendIf on ${String(expected)} ${append_result == null ? 'conflicted' : 'committed'}, the context was at ${String(actual)}`,
    );
  }
}

function contexts(): number[] {
  return Array.from({ length: CONTEXTS }, (_, index) => index + 1);
}

function about(context: number): { filters: { payload_predicates: unknown[] }[] } {
  return { filters: [{ payload_predicates: [{ context }] }] };
}

function fact(context: number): NewEvent {
  return { event_type: 'noted', payload: { context, by: Math.random() } };
}

function append(round: Round, store: FactstrSqliteStore, count: number): void {
  const facts = Array.from({ length: count }, () => fact(round.random.int(1, CONTEXTS)));
  store.append(facts);
  round.tally.acknowledged += count;
}

function using<T>(path: string, work: (database: Sqlite.Database) => T): T {
  const database = new Sqlite(path, { timeout: 30_000 });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

async function backUp(from: string, to: string): Promise<void> {
  const database = new Sqlite(from);
  try {
    await database.backup(to);
  } finally {
    database.close();
  }
}

function insert(database: Sqlite.Database, random: Random, count: number): void {
  const head = database.prepare('SELECT max(sequence_number) FROM events').pluck().get() as number;
  const row = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?)');
  const at = new Date().toISOString();
  database.transaction(() => {
    for (let number = head + 1; number <= head + count; number++) {
      const { event_type, payload } = fact(random.int(1, CONTEXTS));
      row.run(number, at, event_type, JSON.stringify(payload));
    }
  })();
}

/** The facts and their batches only: everything else stays as the running store has left it. */
function copyRows(database: Sqlite.Database, copy: string): void {
  database.prepare('ATTACH ? AS copy').run(copy);
  database.exec(`BEGIN IMMEDIATE;
    DELETE FROM events; INSERT INTO events SELECT * FROM copy.events;
    DELETE FROM append_batches; INSERT INTO append_batches SELECT * FROM copy.append_batches;
    COMMIT; DETACH copy`);
}

function versionOf(database: Sqlite.Database, context: number): bigint | null {
  return database
    .prepare(`SELECT max(sequence_number) FROM events WHERE json_extract(payload, '$.context') = ?`)
    .pluck()
    .safeIntegers()
    .get(context) as bigint | null;
}
