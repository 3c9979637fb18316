import Sqlite from 'better-sqlite3';
import type { NewEvent } from '../../../lib/contract/contract.types.js';
import { insertFacts } from '../../context-index/support/index-tables.js';
import { runSql } from '../../support/postgres.js';

/** Facts that another engine appends to a log that has one: nothing of them is indexed. */
export async function insertForeignFacts(
  provider: string,
  place: string,
  count: number,
): Promise<void> {
  if (provider === 'postgres') {
    await runSql(
      place,
      `INSERT INTO events (sequence_number, event_type, payload)
       SELECT n, 'noted', jsonb_build_object('n', n) FROM generate_series(2, $1::int) AS n`,
      [count],
    );
    return;
  }
  const facts = Array.from({ length: count }, (_, n): NewEvent => ({
    event_type: 'noted',
    payload: { n },
  }));
  const database = new Sqlite(place);
  insertFacts(database, facts);
  database.close();
}
