import type { SnapshotReader } from '../database/database.types.js';
import { readHead } from '../facts/read-facts.js';

/** What is in a database. */
export interface FactStats {
  /** The newest sequence number; 0 when there are none. */
  readonly head: bigint;
  readonly facts: number;
  /** Of the first and the newest fact. */
  readonly firstAt: string | null;
  readonly newestAt: string | null;
  /** Facts by their times, up to the database's now. */
  readonly lastMinute: number;
  readonly lastHour: number;
  readonly lastDay: number;
  readonly batches: BatchStats;
  /** The most frequent first. */
  readonly types: readonly TypeStats[];
  /** Durable streams and projections. */
  readonly cursors: CursorStats;
  /** Appends whose ids are known still. */
  readonly appendIds: number;
  /** Appends that have metadata. */
  readonly withMetadata: number;
}

export interface BatchStats {
  readonly count: number;
  /** The facts of the largest one. */
  readonly largest: number;
}

export interface TypeStats {
  readonly type: string;
  readonly facts: number;
  readonly lastHour: number;
  readonly lastDay: number;
  /** The number of the newest one. */
  readonly newest: bigint;
}

export interface CursorStats {
  readonly count: number;
  /** Those that have facts before them. */
  readonly behind: number;
  /** Facts that were set aside. */
  readonly parked: number;
}

/** Milliseconds. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Counts what is there. Memory is that of the types, whatever the number of facts is. */
export async function readStats(read: SnapshotReader): Promise<FactStats> {
  const head = await readHead(read);
  const types = await readTypes(read);
  const facts = types.reduce((sum, { facts: of }) => sum + of, 0);
  return {
    head,
    facts,
    firstAt: await timeAt(read, 'ASC'),
    newestAt: await timeAt(read, 'DESC'),
    lastMinute: await countSince(read, MINUTE),
    lastHour: types.reduce((sum, { lastHour }) => sum + lastHour, 0),
    lastDay: types.reduce((sum, { lastDay }) => sum + lastDay, 0),
    batches: await readBatches(read, facts),
    types,
    cursors: await readCursors(read, head),
    appendIds: await countOf(read, 'nestjs_factstr_appends'),
    withMetadata: await countOf(read, 'nestjs_factstr_metadata'),
  };
}

async function readTypes(read: SnapshotReader): Promise<TypeStats[]> {
  const hour = await byTypeSince(read, HOUR);
  const day = await byTypeSince(read, DAY);
  const found: TypeStats[] = [];
  const sql = `SELECT event_type, count(*), max(sequence_number) FROM events
GROUP BY event_type ORDER BY count(*) DESC, event_type`;
  for await (const [type, facts, newest] of read.rows(sql)) {
    found.push({
      type: type!,
      facts: Number(facts),
      lastHour: hour.get(type!) ?? 0,
      lastDay: day.get(type!) ?? 0,
      newest: BigInt(newest!),
    });
  }
  return found;
}

async function byTypeSince(read: SnapshotReader, age: number): Promise<Map<string, number>> {
  const sql = `SELECT event_type, count(*) FROM events WHERE ${since(read, age)} GROUP BY event_type`;
  const found = new Map<string, number>();
  for await (const [type, count] of read.rows(sql)) found.set(type!, Number(count));
  return found;
}

async function countSince(read: SnapshotReader, age: number): Promise<number> {
  const row = await read.row(`SELECT count(*) FROM events WHERE ${since(read, age)}`);
  return Number(row![0]);
}

/** Times of SQLite are texts, which compare as times do, to the second. */
function since({ provider }: SnapshotReader, age: number): string {
  const seconds = age / 1_000;
  return provider === 'postgres'
    ? `occurred_at > pg_catalog.clock_timestamp() - interval '${seconds} seconds'`
    : `occurred_at > strftime('%Y-%m-%dT%H:%M:%S', 'now', '-${seconds} seconds')`;
}

async function timeAt(read: SnapshotReader, order: 'ASC' | 'DESC'): Promise<string | null> {
  const column =
    read.provider === 'postgres'
      ? `pg_catalog.to_json(occurred_at AT TIME ZONE 'UTC') #>> '{}'`
      : 'occurred_at';
  const sql = `SELECT ${column} FROM events ORDER BY sequence_number ${order} LIMIT 1`;
  const time = (await read.row(sql))?.[0] ?? null;
  return time !== null && read.provider === 'postgres' ? `${time}Z` : time;
}

/** A fact without a row in `append_batches` is a batch of its own. */
async function readBatches(read: SnapshotReader, facts: number): Promise<BatchStats> {
  const largestWithout = facts === 0 ? 0 : 1;
  if (!(await read.hasTable('append_batches'))) return { count: facts, largest: largestWithout };
  const size = 'last_sequence_number - first_sequence_number + 1';
  const row = await read.row(
    `SELECT count(*), coalesce(sum(${size}), 0), coalesce(max(${size}), 0) FROM append_batches`,
  );
  const [rows, covered, largest] = row!.map(Number) as [number, number, number];
  return { count: rows + facts - covered, largest: Math.max(largest, largestWithout) };
}

async function readCursors(read: SnapshotReader, head: bigint): Promise<CursorStats> {
  const parked = await countOf(read, 'nestjs_factstr_parked');
  const table = read.provider === 'postgres' ? 'durable_stream_cursors' : 'subscriber_cursors';
  if (!(await read.hasTable(table))) return { count: 0, behind: 0, parked };
  const row = await read.row(
    `SELECT count(*), coalesce(sum(CASE WHEN last_processed_sequence_number < ${head} THEN 1 ELSE 0 END), 0) FROM ${table}`,
  );
  return { count: Number(row![0]), behind: Number(row![1]), parked };
}

/** 0 where there is no such table, as in a database that FACTSTR wrote. */
async function countOf(read: SnapshotReader, table: string): Promise<number> {
  if (!(await read.hasTable(table))) return 0;
  return Number((await read.row(`SELECT count(*) FROM ${table}`))![0]);
}
