import { afterAll } from '@jest/globals';
import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { backUpPostgres } from '../back-up.js';
import { createDatabase } from '../postgres.js';
import type { TestDatabase } from '../postgres.js';
import type { Provider, SharedDatabase } from './provider.js';

/** Emptied databases: emptying one takes a tenth of the time that creating one takes. */
const empty: TestDatabase[] = [];

afterAll(async () => {
  for (const database of empty.splice(0)) await database.drop();
});

export const postgres: Provider<SharedDatabase> = {
  name: 'Postgres',
  create: async () => {
    const database = empty.pop() ?? (await createDatabase());
    const stores: FactstrPostgresStore[] = [];
    return {
      open: async (options) => {
        // How long the server takes on a busy machine is none of the contract's.
        const patient = { statementTimeout: 60_000, queryTimeout: 90_000, ...options };
        const store = new FactstrPostgresStore(database.url, patient);
        stores.push(store);
        return store;
      },
      removeFactsAfter: async (sequenceNumber) => {
        await database.run('DELETE FROM events WHERE sequence_number > $1', [sequenceNumber]);
        await database.run('DELETE FROM append_batches WHERE last_sequence_number > $1', [
          sequenceNumber,
        ]);
      },
      changePayload: async (sequenceNumber, payload) => {
        await database.run('UPDATE events SET payload = $2 WHERE sequence_number = $1', [
          sequenceNumber,
          JSON.stringify(payload),
        ]);
      },
      moveCursor: async (name, sequenceNumber) => {
        await database.run(
          'UPDATE durable_stream_cursors SET last_processed_sequence_number = $2 WHERE durable_stream_id = $1',
          [name, sequenceNumber],
        );
      },
      ageAppendIds: async (milliseconds) => {
        await database.run(
          "UPDATE nestjs_factstr_appends SET appended_at = appended_at - $1 * interval '1 millisecond'",
          [milliseconds],
        );
      },
      backUp: () => backUpPostgres(database.url),
      dispose: async () => {
        await Promise.all(stores.map((store) => store.close()));
        await database.run('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
        empty.push(database);
      },
    };
  },
};
