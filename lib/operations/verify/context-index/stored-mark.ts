import { hashText } from '../../../context-index/terms/hashing.js';
import { quoteIdentifier } from '../../../stores/postgres/connection/sql-text.js';
import { PostgresIndexTables } from '../../../stores/postgres/schema/index-tables.js';
import type { SnapshotReader } from '../../database/database.types.js';

/** What a segment of the context index keeps of its last fact; empty where there is none. */
export async function storedMark(read: SnapshotReader, number: bigint): Promise<string> {
  if (read.provider === 'postgres') {
    const tables = new PostgresIndexTables(quoteIdentifier(read.schema));
    return (await read.row(tables.fingerprint(Number(number)).text, [String(number)]))?.[0] ?? '';
  }
  const row = await read.row(
    'SELECT occurred_at, event_type, payload FROM events WHERE sequence_number = CAST($1 AS INTEGER)',
    [String(number)],
  );
  if (row === undefined) return '';
  return `${row[0]} ${hashText(hashText(0, row[1] ?? ''), row[2] ?? '')}`;
}
