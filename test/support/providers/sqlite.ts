import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { copySqlite } from '../back-up.js';
import type { FactStoreOptions } from '../../../lib/streams/streaming-store.js';
import type { ConformingStore, Provider, SharedDatabase } from './provider.js';

export const sqlite: Provider<SharedDatabase> = {
  name: 'SQLite',
  create: () => createDatabase((path, options) => new FactstrSqliteStore(path, options)),
};

/** The same store as services use it: through promises. */
export const sqlitePromises: Provider<SharedDatabase> = {
  name: 'SQLite (promises)',
  create: () => createDatabase((path, options) => promised(new FactstrSqliteStore(path, options))),
};

async function createDatabase(
  openStore: (path: string, options?: FactStoreOptions) => ConformingStore,
): Promise<SharedDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'factstr-conformance-'));
  const path = join(folder, 'facts.sqlite');
  const stores: ConformingStore[] = [];
  let copies = 0;

  function edit(change: (database: Sqlite.Database) => void): void {
    const database = new Sqlite(path);
    try {
      change(database);
    } finally {
      database.close();
    }
  }

  return {
    open: async (options) => {
      const store = openStore(path, options);
      stores.push(store);
      return store;
    },
    removeFactsAfter: async (sequenceNumber) =>
      edit((database) => {
        database.prepare('DELETE FROM events WHERE sequence_number > ?').run(sequenceNumber);
        database
          .prepare('DELETE FROM append_batches WHERE last_sequence_number > ?')
          .run(sequenceNumber);
      }),
    changePayload: async (sequenceNumber, payload) =>
      edit((database) => {
        database
          .prepare('UPDATE events SET payload = ? WHERE sequence_number = ?')
          .run(JSON.stringify(payload), sequenceNumber);
      }),
    moveCursor: async (name, sequenceNumber) =>
      edit((database) => {
        database
          .prepare(
            'UPDATE subscriber_cursors SET last_processed_sequence_number = ? WHERE subscriber_id = ?',
          )
          .run(sequenceNumber, name);
      }),
    backUp: async () => {
      const copy = join(folder, `${(copies += 1)}.copy.sqlite`);
      await copySqlite(path, copy);
      return () => copySqlite(copy, path);
    },
    dispose: async () => {
      for (const store of stores) await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

function promised(store: FactstrSqliteStore): ConformingStore {
  return {
    get log() {
      return store.log;
    },
    get capabilities() {
      return store.capabilities;
    },
    append: (events, options) => store.promises.append(events, options),
    query: (query) => store.promises.query(query),
    appendIf: (events, query, expected, options) =>
      store.promises.appendIf(events, query, expected, options),
    streamAll: (handle) => store.streamAll(handle),
    streamTo: (query, handle) => store.streamTo(query, handle),
    streamAllDurable: (stream, handle) => store.streamAllDurable(stream, handle),
    streamToDurable: (stream, query, handle) => store.streamToDurable(stream, query, handle),
    close: () => store.promises.close(),
  };
}
