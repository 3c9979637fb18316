import { describeCursorStore } from '../../lib/testing/conformance/describe-cursor-store.js';
import { runner } from '../support/runner.js';
import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { databasesOf } from '../support/providers/provider.js';
import { sqlite } from '../support/providers/sqlite.js';

for (const provider of [memory, sqlite, postgres]) {
  const createDatabase = databasesOf(provider);
  describeCursorStore(
    runner,
    async () => {
      const database = await createDatabase();
      const { cursorStore } = (await database.open()).log;
      const other = provider === memory ? cursorStore : (await database.open()).log.cursorStore;
      return [cursorStore, other];
    },
    { name: provider.name, hasClock: provider === postgres },
  );
}
