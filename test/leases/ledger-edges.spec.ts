import { memory } from '../conformance/providers/memory.js';
import { postgres } from '../conformance/providers/postgres.js';
import { sqlite } from '../conformance/providers/sqlite.js';
import { databasesOf } from '../conformance/support/provider.js';
import { ledgerEdgesSuite } from './suites/ledger-edges.js';

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
