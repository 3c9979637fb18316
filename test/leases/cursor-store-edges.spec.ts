import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { sqlite } from '../support/providers/sqlite.js';
import { databasesOf } from '../support/providers/provider.js';
import { cursorStoreEdgesSuite } from './suites/cursor-store-edges.js';

for (const provider of [memory, sqlite, postgres]) {
  const createDatabase = databasesOf(provider);
  cursorStoreEdgesSuite({
    name: provider.name,
    hasClock: provider === postgres,
    open: async () => {
      const database = await createDatabase();
      const { cursorStore } = (await database.open()).log;
      const other = provider === memory ? cursorStore : (await database.open()).log.cursorStore;
      return { cursorStore, other };
    },
  });
}
