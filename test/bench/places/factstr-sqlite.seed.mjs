import Database from 'better-sqlite3';
import { FactstrSqliteStore } from '../contestants/library.mjs';
import { fact, groupsOf } from '../facts.mjs';

/** FACTSTR's schema and facts, each a batch of its own, with our index. Ours, FACTSTR's and the floor's. */
export const factstrSqlite = {
  name: 'factstr',
  async run({ path }, size) {
    new FactstrSqliteStore(path).close();
    if (size === 0) return;
    const database = new Database(path);
    const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?)');
    const groups = groupsOf(size);
    database.transaction(() => {
      for (let n = 0; n < size; n++) {
        const { event_type, payload } = fact(n, { groups });
        insert.run(n + 1, '2026-01-01T00:00:00.000Z', event_type, JSON.stringify(payload));
      }
    })();
    database.close();
    const store = new FactstrSqliteStore(path);
    await store.contextsIndexed?.();
    store.close();
  },
};
