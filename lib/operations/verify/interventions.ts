import { integerOf } from './integers.js';
import type { Verification } from './problem.js';

const TABLE = 'nestjs_factstr_interventions';
const VERBS =
  /^(?:pause|resume|reset|rebuild|retryParked|discardParked|transactional|plain|switchTo \d+|request (?:reset|rebuild) \S+ until \S+|(?:done|failed|expired) [\da-f-]{36}(?:: .*)?)$/s;
const WAY_OUT =
  'delete the row where nobody gave such a word, or restore the database from a backup';

/** What operators have asked for can be understood; a request that cannot be is never carried out. */
export async function verifyInterventions({ read, tell }: Verification): Promise<void> {
  if (!(await read.hasTable(TABLE))) return;
  const sql = `SELECT id, name, verb, position, at FROM ${TABLE} ORDER BY id`;
  for await (const [id, name, verb, position, at] of read.rows(sql)) {
    const says = problemOf(name!, verb!, position ?? null, at!);
    if (says !== undefined) await tell({ check: 'interventions', row: `${TABLE} ${id}`, says, wayOut: WAY_OUT }); // prettier-ignore
  }
}

function problemOf(
  name: string,
  verb: string,
  position: string | null,
  at: string,
): string | undefined {
  if (name === '') return 'it names no projection';
  if (!VERBS.test(verb)) return 'its verb is none that this version knows';
  if (Number.isNaN(Date.parse(at))) return 'its time is none';
  const number = integerOf(position);
  if (position !== null && (number === undefined || number < 0n)) return 'its position is none';
  const needsPosition = verb.startsWith('request ');
  return needsPosition && position === null ? 'the request has no position' : undefined;
}
