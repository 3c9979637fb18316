import { FactstrPostgresStore } from '../../../lib/stores/postgres/postgres.store.js';
import { createDatabase } from '../../support/postgres.js';
import type { Provider, SharedDatabase } from '../support/provider.js';

export const postgres: Provider<SharedDatabase> = {
  name: 'Postgres',
  create: async () => {
    const database = await createDatabase();
    const stores: FactstrPostgresStore[] = [];
    return {
      open: async (options) => {
        const store = new FactstrPostgresStore(database.url, options);
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
      dispose: async () => {
        await Promise.all(stores.map((store) => store.close()));
        await database.drop();
      },
    };
  },
};
