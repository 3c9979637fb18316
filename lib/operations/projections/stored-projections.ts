import type { StoredStream } from '../../cursors/cursor-store.js';
import { versionOf } from '../../cursors/cursor-name.js';
import { isDead } from '../../cursors/process-identity.js';
import { cursorSql } from '../../cursors/sql/cursor-sql.js';
import type { CursorTables } from '../../cursors/sql/cursor-sql.js';
import { READ_MODEL_TABLES, STORE_TABLES } from '../../cursors/sql/cursor-tables.js';
import { toStoredStream } from '../../cursors/sql/stored-stream.js';
import type { SnapshotReader } from '../database/database.types.js';

/** A projection, or another durable stream, as its database tells of it. Without the application's code. */
export interface StoredProjection {
  /** The cursor's name: `name`, or `name@2`. */
  readonly cursor: string;
  readonly name: string;
  readonly version: number;
  /** Whether reads use this version; `null` where it was never said, and so is the lowest that is registered. */
  readonly active: boolean | null;
  /** Where the cursor is kept. `unknown`: in a read model's database that was not given. */
  readonly place: 'store' | 'read model' | 'unknown';
  /** As its owner says, or `paused`; `idle` while no living process runs it; `unknown` with its place. */
  readonly state: string;
  readonly reason: string | null;
  readonly code: string | null;
  readonly position: bigint | null;
  readonly head: bigint;
  readonly lag: bigint | null;
  /** How long the oldest fact has waited, in milliseconds; 0 without any. */
  readonly lagTime: number | null;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly parked: number;
  readonly parkedSince: string | null;
  /** Whether the parked facts wait to be handled again. */
  readonly retries: boolean;
  readonly owner: { readonly host: string; readonly pid: number; readonly alive: boolean } | null;
}

/** Every projection of a fact store, by its cursor's name. `readModel`: where transactional ones keep their cursors. */
export async function storedProjections(
  facts: SnapshotReader,
  readModel?: SnapshotReader,
): Promise<StoredProjection[]> {
  const head = BigInt(
    (await facts.row('SELECT CAST(max(sequence_number) AS text) FROM events'))?.[0] ?? 0,
  );
  const tables = STORE_TABLES[facts.provider];
  const own = await namesIn(facts, tables);
  const elsewhere = await transactionalNames(facts);
  const beside = readModel === undefined ? [] : await namesIn(readModel, READ_MODEL_TABLES);
  const names = [...new Set([...own, ...elsewhere, ...beside])].toSorted();
  const found: StoredProjection[] = [];
  for (const cursor of names) {
    const isElsewhere = elsewhere.includes(cursor) || !own.includes(cursor);
    const stored = isElsewhere
      ? readModel && (await streamIn(readModel, READ_MODEL_TABLES, cursor))
      : await streamIn(facts, tables, cursor);
    const place = isElsewhere ? (stored === undefined ? 'unknown' : 'read model') : 'store';
    found.push({
      cursor,
      ...versionOf(cursor),
      active: await isActive(facts, cursor),
      place,
      ...(await toldOf(facts, stored, head)),
    });
  }
  return found;
}

type Told = Omit<StoredProjection, 'cursor' | 'name' | 'version' | 'active' | 'place'>;

async function toldOf(
  facts: SnapshotReader,
  stored: StoredStream | undefined,
  head: bigint,
): Promise<Told> {
  const { report, owner, position } = stored ?? {};
  const alive = owner != null && stored?.expired !== true && !isDead(owner);
  return {
    state: stateOf(stored, alive),
    reason: (alive || stored?.paused === true ? report?.reason : null) ?? null,
    code: (alive || stored?.paused === true ? report?.code : null) ?? null,
    position: position ?? null,
    head,
    lag: position === undefined ? null : head > position ? head - position : 0n,
    lagTime: position === undefined ? null : await ageAfter(facts, position),
    attempts: report?.attempts ?? 0,
    lastError: report?.lastError ?? null,
    parked: stored?.parkedCount ?? 0,
    parkedSince: stored?.parkedSince ?? null,
    retries: stored?.retryParked ?? false,
    owner: owner == null ? null : { host: owner.host, pid: owner.pid, alive },
  };
}

function stateOf(stored: StoredStream | undefined, alive: boolean): string {
  if (stored === undefined) return 'unknown';
  if (stored.paused) return 'paused';
  return alive ? (stored.report?.state ?? 'starting') : 'idle';
}

async function ageAfter(facts: SnapshotReader, position: bigint): Promise<number> {
  const time =
    facts.provider === 'postgres'
      ? 'CAST(extract(epoch FROM occurred_at) * 1000 AS text)'
      : 'occurred_at';
  const row = await facts.row(
    `SELECT ${time} FROM events WHERE sequence_number > CAST($1 AS bigint) ORDER BY sequence_number LIMIT 1`,
    [position.toString()],
  );
  if (row === undefined) return 0;
  const since = facts.provider === 'postgres' ? Number(row[0]) : Date.parse(row[0]!);
  return Math.max(0, Math.round(Date.now() - since));
}

/** A database that FACTSTR alone has written has none of our tables. */
async function streamIn(
  read: SnapshotReader,
  tables: CursorTables,
  cursor: string,
): Promise<StoredStream | undefined> {
  const { find } = cursorSql(read.provider, tables);
  if (await read.hasTable(tables.streams)) {
    const row = await read.row(find, [cursor]);
    return row && toStoredStream(row);
  }
  const row = await read.row(
    `SELECT CAST(last_processed_sequence_number AS text), event_query FROM ${tables.cursors} WHERE ${tables.cursorName} = $1`,
    [cursor],
  );
  if (row === undefined) return undefined;
  const [position, query] = row;
  return toStoredStream([
    position!,
    query!,
    null,
    null,
    '0',
    '0',
    null,
    '0',
    '0',
    '0',
    null,
    '0',
    null,
  ]);
}

async function namesIn(read: SnapshotReader, tables: CursorTables): Promise<string[]> {
  if (!(await read.hasTable(tables.cursors))) return [];
  return textsOf(read, `SELECT ${tables.cursorName} FROM ${tables.cursors}`);
}

/** Those that keep their cursor in a read model's database. */
async function transactionalNames(facts: SnapshotReader): Promise<string[]> {
  const { streams } = STORE_TABLES[facts.provider];
  if (!(await facts.hasTable(streams))) return [];
  const { place } = cursorSql(facts.provider, STORE_TABLES[facts.provider]);
  const found: string[] = [];
  for (const name of await textsOf(facts, `SELECT name FROM ${streams}`)) {
    const row = await facts.row(place, [name]);
    if (row?.[0] === 'transactional') found.push(name);
  }
  return found;
}

async function isActive(facts: SnapshotReader, cursor: string): Promise<boolean | null> {
  const { streams } = STORE_TABLES[facts.provider];
  if (!(await facts.hasTable(streams))) return null;
  const { name, version } = versionOf(cursor);
  const { activeVersion } = cursorSql(facts.provider, STORE_TABLES[facts.provider]);
  const active = (await facts.row(activeVersion, [name]))?.[0];
  return active == null ? null : Number(active) === version;
}

async function textsOf(read: SnapshotReader, sql: string): Promise<string[]> {
  const found: string[] = [];
  for await (const [text] of read.rows(sql)) found.push(text!);
  return found;
}
