import { verifyIntegers } from './integers.js';
import { RESTORE, tellRows } from './problem.js';
import type { Verification } from './problem.js';

/** Numbers without a gap from 1 on, and columns that a fact can have. */
export async function verifyFacts(verification: Verification): Promise<void> {
  await tellRows(
    verification,
    'gapless',
    'events',
    `SELECT sequence_number, former FROM (
  SELECT sequence_number, lag(sequence_number, 1, 0) OVER (ORDER BY sequence_number) AS former FROM events
) AS numbered WHERE sequence_number <> former + 1 ORDER BY sequence_number`,
    ([number, former]) => {
      if (number === former) return 'there are two facts of this number';
      return former === '0'
        ? `the first fact is ${number}, and should be 1`
        : `it follows ${former}: what is between them is missing`;
    },
  );
  await tellRows(
    verification,
    'facts',
    'events',
    `SELECT sequence_number FROM events WHERE event_type IS NULL OR event_type = '' ORDER BY sequence_number`,
    () => 'it has no type',
  );
  if (verification.read.provider === 'postgres') {
    await tellRows(
      verification,
      'facts',
      'events',
      `SELECT sequence_number, CASE WHEN payload IS NULL THEN 'it has no payload' ELSE 'its time is none' END
FROM events
WHERE payload IS NULL OR occurred_at IS NULL OR occurred_at < '0001-01-01T00:00:00Z' OR occurred_at >= '10000-01-01T00:00:00Z'
ORDER BY sequence_number`,
      ([, says]) => says!,
    );
    return;
  }
  await tellRows(
    verification,
    'facts',
    'events',
    `SELECT sequence_number,
  CASE WHEN typeof(payload) <> 'text' OR NOT json_valid(payload) THEN 'its payload is no JSON'
    WHEN typeof(event_type) <> 'text' THEN 'its type is no text'
    ELSE 'its time is none' END
FROM events
WHERE typeof(payload) <> 'text' OR NOT json_valid(payload) OR typeof(event_type) <> 'text'
  OR typeof(occurred_at) <> 'text' OR julianday(occurred_at) IS NULL
  OR occurred_at NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]?[0-9][0-9]:[0-9][0-9]:[0-9][0-9]*'
ORDER BY sequence_number`,
    ([, says]) => says!,
  );
}

/** Batches that lie in the log, do not overlap, and cover it where the marker does not say that they need not. */
export async function verifyBatches(verification: Verification): Promise<void> {
  const { read, head } = verification;
  // `verifyObjects` tells it.
  if (!(await read.hasTable('append_batches'))) return;
  await verifyIntegers(verification, 'batches', 'append_batches', 'first_sequence_number', [
    'last_sequence_number',
  ]);
  await tellRows(
    verification,
    'batches',
    'append_batches',
    `SELECT first_sequence_number, last_sequence_number FROM append_batches
WHERE first_sequence_number < 1 OR last_sequence_number < first_sequence_number OR last_sequence_number > ${head}
ORDER BY first_sequence_number`,
    ([first, last]) => `${first} to ${last} is no range of the log, whose head is ${head}`,
  );
  await tellRows(
    verification,
    'batches',
    'append_batches',
    `SELECT first_sequence_number, former FROM (
  SELECT first_sequence_number, coalesce(max(last_sequence_number) OVER (
    ORDER BY first_sequence_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS former
  FROM append_batches) AS ranges
WHERE first_sequence_number <= former ORDER BY first_sequence_number`,
    ([first, former]) =>
      `it begins at ${first}, inside of a batch before it, which ends at ${former}`,
  );
  if (await isSparse(verification)) return;
  await tellRows(
    verification,
    'boundaries',
    'events',
    `SELECT former + 1, until FROM (
  SELECT lag(last_sequence_number, 1, 0) OVER (ORDER BY first_sequence_number) AS former,
    first_sequence_number - 1 AS until
  FROM (SELECT first_sequence_number, last_sequence_number FROM append_batches
    UNION ALL SELECT ${head} + 1, ${head} + 1) AS ranges) AS gaps
WHERE until > former ORDER BY 1`,
    ([first, last]) =>
      `no row of append_batches covers ${first} to ${last}, and no marker says that such facts are batches of one`,
    'where FACTSTR 0.5.2 went on with a log of 0.5.0: adoptBatchBoundaries(); otherwise restore the database from a backup',
  );
}

async function isSparse({ read, tell }: Verification): Promise<boolean> {
  if (!(await read.hasTable('store_metadata'))) return false;
  const known: Readonly<Record<string, string>> = {
    store_format_version: '1',
    append_batch_boundary_format: 'sparse_v1',
  };
  let sparse = false;
  for await (const [key, value] of read.rows('SELECT key, value FROM store_metadata')) {
    if (!Object.hasOwn(known, key!)) continue;
    if (value === known[key!]) {
      sparse ||= key === 'append_batch_boundary_format';
      continue;
    }
    await tell({
      check: 'marker',
      row: `store_metadata ${key}`,
      says: `it is ${JSON.stringify(value)}, and this version knows ${JSON.stringify(known[key!])}`,
      wayOut: `upgrade nestjs-factstr, or ${RESTORE}`,
    });
  }
  return sparse;
}
