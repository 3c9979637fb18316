import { describe } from '@jest/globals';
import { Conformance } from '../../lib/testing/conformance/conformance.js';
import { describeEqualNames } from '../../lib/testing/conformance/suites/equal-names.js';
import { runner } from '../support/runner.js';
import type { Provider } from '../support/providers/provider.js';
import { uniqueName } from '../support/postgres.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';

describe('Two schemas of one database', () => {
  const createDatabase = testDatabases();
  let database: Promise<StoreDatabase> | undefined;

  /** Locks, notifications and sessions are the database's: nothing but the schema tells these stores apart. */
  const schemas: Provider = {
    name: 'Postgres (schemas)',
    create: async () => {
      database ??= createDatabase();
      const shared = await database;
      const schema = uniqueName('schema');
      await shared.run(`CREATE SCHEMA ${schema}`);
      return {
        open: async (options) => shared.store(options, shared.urlWith(`search_path=${schema}`)),
        dispose: async () => {
          database = undefined;
        },
      };
    },
  };

  describeEqualNames(new Conformance(runner, schemas, ['appendIds']));
});
