import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { sqlite } from '../support/providers/sqlite.js';
import { databasesOf } from '../support/providers/provider.js';
import { ledgerEdgesSuite } from './suites/cursor-store-edges.js';

for (const provider of [memory, sqlite, postgres]) {
  const createDatabase = databasesOf(provider);
  ledgerEdgesSuite({
    name: provider.name,
    hasClock: provider === postgres,
    open: async () => {
      const database = await createDatabase();
      const { ledger } = (await database.open()).log;
      const other = provider === memory ? ledger : (await database.open()).log.ledger;
      return { ledger, other };
    },
  });
}
