import { storedQuery } from '../../matching/query-text.js';
import { EVERY_FACT } from '../../contract/validation.js';
import { fingerprintOf } from '../../streams/reader/fingerprint.js';
import { readFacts } from '../facts/read-facts.js';
import { tellRows } from './problem.js';
import type { Verification } from './problem.js';

const REBUILD = 'restore the newer log, or reset the projection and rebuild what it feeds';

/** Cursors stand in the log, at the facts that were processed, with queries that can be read. */
export async function verifyCursors(verification: Verification): Promise<void> {
  const { read, head, tell } = verification;
  const [table, name]: readonly [string, string] =
    read.provider === 'postgres'
      ? ['durable_stream_cursors', 'durable_stream_id']
      : ['subscriber_cursors', 'subscriber_id'];
  if (!(await read.hasTable(table))) return;
  const sql = `SELECT ${name}, event_query, last_processed_sequence_number FROM ${table} ORDER BY 1`;
  for await (const [cursor, query, position] of read.rows(sql)) {
    const row = `${table} ${cursor}`;
    const at = BigInt(position!);
    if (at < 0n || at > head) {
      await tell({
        check: 'cursors',
        row,
        says: `it stands at ${at}, and the head is ${head}: the log was restored from an older copy, or replaced`,
        wayOut: REBUILD,
      });
    }
    if (storedQuery(query!) !== undefined) continue;
    await tell({
      check: 'cursors',
      row,
      says: 'its query cannot be read',
      wayOut: 'restore the row from a backup, or delete it and rebuild what it feeds',
    });
  }
  if (!(await read.hasTable('nestjs_factstr_streams'))) return;
  await verifyStreams(verification, table, name);
  await tellRows(
    verification,
    'parked',
    'nestjs_factstr_parked',
    `SELECT name || ' ' || sequence_number, sequence_number FROM nestjs_factstr_parked
WHERE sequence_number < 1 OR sequence_number > ${head} ORDER BY 1`,
    ([, number]) => `fact ${number} is parked, and the head is ${head}`,
    REBUILD,
  );
}

async function verifyStreams(
  { read, tell }: Verification,
  table: string,
  name: string,
): Promise<void> {
  const sql = `SELECT s.name, s.fingerprint_sequence_number, s.fingerprint
FROM nestjs_factstr_streams AS s JOIN ${table} AS c ON c.${name} = s.name
WHERE s.fingerprint IS NOT NULL AND s.fingerprint_sequence_number = c.last_processed_sequence_number
  AND s.fingerprint_sequence_number > 0
ORDER BY 1`;
  for await (const [stream, number, fingerprint] of read.rows(sql)) {
    const at = BigInt(number!);
    for await (const fact of readFacts(read, EVERY_FACT, { after: at - 1n, upTo: at })) {
      const payload: unknown = JSON.parse(fact.payload);
      if (fingerprintOf({ ...fact, payload }).hash === fingerprint) continue;
      await tell({
        check: 'cursors',
        row: `nestjs_factstr_streams ${stream}`,
        says: `fact ${at}, at which it stands, is not the fact that was processed`,
        wayOut: REBUILD,
      });
    }
  }
}
