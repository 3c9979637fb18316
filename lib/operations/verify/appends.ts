import { factsHash } from '../../contract/append-id.js';
import { integerOf, verifyIntegers } from './integers.js';
import { RESTORE, tellRows } from './problem.js';
import type { Verification } from './problem.js';
import { readableFacts } from './readable-facts.js';
import type { ReadableFact } from './readable-facts.js';

const APPENDS = 'nestjs_factstr_appends';
const METADATA = 'nestjs_factstr_metadata';
const FORGET =
  'delete the row, after which the append is not known by its id any more, or restore the database from a backup';

/** What is kept of appends speaks of whole batches of the log; with `deep`, ids of the facts that were appended. */
export async function verifyAppends(verification: Verification, deep: boolean): Promise<void> {
  const { read } = verification;
  for (const [table, key] of [
    [APPENDS, 'append_id'],
    [METADATA, 'first_sequence_number'],
  ] as const) {
    if (await read.hasTable(table)) await verifyRanges(verification, table, key);
  }
  if (!(await read.hasTable(APPENDS))) return;
  const hash = read.provider === 'postgres' ? `!~ '^[0-9a-f]{64}$'` : `NOT GLOB '${'[0-9a-f]'.repeat(64)}'`; // prettier-ignore
  await tellRows(
    verification,
    'appends',
    APPENDS,
    `SELECT append_id FROM ${APPENDS} WHERE append_id = '' OR facts_hash ${hash} ORDER BY 1`,
    () => 'it has no id, or its facts_hash is no SHA-256 in hex',
    FORGET,
  );
  await verifyCommands(verification, hash);
  await verifyIntegers(verification, 'appends', APPENDS, 'append_id', ['appended_at'], FORGET);
  if (deep) await verifyHashes(verification);
}

async function verifyCommands(verification: Verification, hash: string): Promise<void> {
  if (!(await hasCommands(verification))) return;
  await tellRows(
    verification,
    'appends',
    APPENDS,
    `SELECT append_id FROM ${APPENDS} WHERE command_hash ${hash} ORDER BY 1`,
    () => 'its command_hash is no SHA-256 in hex',
    FORGET,
  );
}

/** The release before had no such column. */
async function hasCommands({ read }: Verification): Promise<boolean> {
  const sql =
    read.provider === 'postgres'
      ? `SELECT 1 FROM pg_catalog.pg_attribute
WHERE attrelid = pg_catalog.to_regclass('${APPENDS}') AND attname = 'command_hash' AND NOT attisdropped`
      : `SELECT 1 FROM pragma_table_info('${APPENDS}') WHERE name = 'command_hash'`;
  return (await read.row(sql)) !== undefined;
}

async function verifyRanges(verification: Verification, table: string, key: string): Promise<void> {
  const { read, head } = verification;
  await verifyIntegers(verification, 'appends', table, key, ['first_sequence_number', 'last_sequence_number']); // prettier-ignore
  // A fact that no row covers is a batch of one; one inside of a batch is none.
  const batch = (await read.hasTable('append_batches'))
    ? `(SELECT CASE WHEN b.first_sequence_number = a.first_sequence_number THEN b.last_sequence_number
    WHEN b.last_sequence_number >= a.first_sequence_number THEN -1 END
  FROM append_batches AS b WHERE b.first_sequence_number <= a.first_sequence_number
  ORDER BY b.first_sequence_number DESC LIMIT 1)`
    : 'NULL';
  await tellRows(
    verification,
    'appends',
    table,
    `SELECT a.${key}, a.first_sequence_number, a.last_sequence_number FROM ${table} AS a
WHERE a.first_sequence_number < 1 OR a.last_sequence_number > ${head}
  OR a.last_sequence_number <> coalesce(${batch}, a.first_sequence_number)
ORDER BY 1`,
    ([, first, last]) => `it speaks of facts ${first} to ${last}, which are no batch of the log`,
    `delete the row where these facts were never appended, or ${RESTORE}`,
  );
}

/** Facts are read once, beside the appends: a look-up of each append's own would take a trip to the server for each. */
async function verifyHashes({ read, head, tell }: Verification): Promise<void> {
  const sql = `SELECT append_id, facts_hash, first_sequence_number, last_sequence_number FROM ${APPENDS}
ORDER BY first_sequence_number`;
  let log: AsyncGenerator<ReadableFact> | undefined;
  let next: ReadableFact | undefined;
  let reached = 0n;
  try {
    for await (const [id, hash, from, to] of read.rows(sql)) {
      const [first, last] = [integerOf(from), integerOf(to)];
      if (first === undefined || last === undefined || first < 1n || last > head) continue;
      const facts: ReadableFact[] = [];
      if (first <= reached) {
        // It overlaps another one, which only one that is wrong does.
        const own = readableFacts(read, { after: first - 1n, upTo: last });
        for await (const fact of own) facts.push(fact);
      } else {
        log ??= readableFacts(read, { after: first - 1n, upTo: head });
        next ??= await following(log);
        for (; next !== undefined && next.sequence_number <= last; next = await following(log)) {
          if (next.sequence_number >= first) facts.push(next);
        }
        reached = last > reached ? last : reached;
      }
      if (factsHash(facts.map(({ event_type, value }) => ({ event_type, payload: value }))) === hash) continue; // prettier-ignore
      await tell({
        check: 'appends',
        row: `${APPENDS} ${id}`,
        says: `facts ${first} to ${last} are not those that were appended under it: they were changed since`,
        wayOut: FORGET,
      });
    }
  } finally {
    await log?.return(undefined);
  }
}

async function following(log: AsyncGenerator<ReadableFact>): Promise<ReadableFact | undefined> {
  const { done, value } = await log.next();
  return done === true ? undefined : value;
}
