import { FactstrPostgresStore } from '../contestants/library.mjs';
import { factsSql, groupsOf } from '../facts.mjs';
import { fill, runSql } from './run-sql.mjs';

/** FACTSTR's schema and facts, each a batch of its own, with our index. Ours, FACTSTR's and the floor's. */
export const factstrPostgres = {
  name: 'factstr',
  async run({ url }, size) {
    await using(url, () => undefined);
    if (size === 0) return;
    await fill(
      url,
      'events',
      `INSERT INTO events (sequence_number, occurred_at, event_type, payload)
       SELECT n + 1, '2026-01-01 00:00:00Z', event_type, payload
       FROM (${factsSql(size, groupsOf(size))}) AS fact`,
    );
    await runSql(url, 'VACUUM ANALYZE');
    await using(url, (store) => store.contextsIndexed?.());
  },
};

async function using(url, work) {
  const store = new FactstrPostgresStore(url);
  try {
    await store.connect();
    await work(store);
  } finally {
    await store.close();
  }
}
