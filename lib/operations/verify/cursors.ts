import { storedQuery } from '../../matching/query-text.js';
import { fingerprintOf } from '../../streams/reader/fingerprint.js';
import { integerOf, verifyIntegers } from './integers.js';
import { readableFacts } from './readable-facts.js';
import { RESTORE, tellRows } from './problem.js';
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
  await verifyIntegers(verification, 'cursors', table, name, ['last_processed_sequence_number']);
  const sql = `SELECT ${name}, event_query, last_processed_sequence_number FROM ${table} ORDER BY 1`;
  for await (const [cursor, query, position] of read.rows(sql)) {
    const row = `${table} ${cursor}`;
    const at = integerOf(position);
    if (at !== undefined && (at < 0n || at > head)) {
      await tell({
        check: 'cursors',
        row,
        says: `it stands at ${at}, and the head is ${head}: the log was restored from an older copy, or replaced`,
        wayOut: REBUILD,
      });
    }
    if (isQuery(query)) continue;
    await tell({
      check: 'cursors',
      row,
      says: 'its query cannot be read',
      wayOut: 'restore the row from a backup, or delete it and rebuild what it feeds',
    });
  }
  if (!(await read.hasTable('nestjs_factstr_streams'))) return;
  await verifyStreams(verification, table, name);
  await verifyIntegers(verification, 'cursors', 'nestjs_factstr_streams', 'name', [
    'epoch',
    'renewals',
    'paused',
    'retry_parked',
  ]);
  await verifyTexts(verification);
  if (!(await read.hasTable('nestjs_factstr_parked'))) return;
  await verifyIntegers(verification, 'parked', 'nestjs_factstr_parked', `name || ' ' || sequence_number`, ['sequence_number', 'attempts']); // prettier-ignore
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
    const at = integerOf(number) ?? 0n;
    if (at === 0n) continue;
    for await (const fact of readableFacts(read, { after: at - 1n, upTo: at })) {
      const payload = fact.value;
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

/** What a process reads as JSON when it looks at a stream: a text that is none ends it. */
async function verifyTexts({ read, tell }: Verification): Promise<void> {
  const sql = 'SELECT name, owner, report FROM nestjs_factstr_streams ORDER BY name';
  for await (const [name, ...texts] of read.rows(sql)) {
    for (const [column, text] of texts.entries()) {
      if (text === null || isObject(text)) continue;
      const which = ['owner', 'report'][column]!;
      await tell({
        check: 'cursors',
        row: `nestjs_factstr_streams ${name}`,
        says: `its ${which} is no JSON object`,
        wayOut: `set ${which} to NULL, which ends the ${column === 0 ? 'lease' : 'report'}, or ${RESTORE}`,
      });
    }
  }
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** What matches no fact because a type is no text is none. */
function isQuery(text: string | null | undefined): boolean {
  const filters = storedQuery(text ?? '')?.filters;
  if (filters === undefined) return false;
  const types = (filters ?? []).flatMap(({ event_types }) => event_types ?? []);
  return types.every((type: unknown) => typeof type === 'string');
}
