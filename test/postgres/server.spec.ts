import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, startPostgresServer } from '../support/postgres.js';
import type { TestDatabase } from '../support/postgres.js';

describe('the tests’ own Postgres server', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  it('gives every test file a database of its own', async () => {
    const { rows } = await database.run('SELECT current_database() AS name');
    expect(rows).toEqual([{ name: database.name }]);
  });

  it('can be started privately, stopped, killed and started again', async () => {
    const server = await startPostgresServer();
    try {
      const own = await createDatabase(server.url);
      await own.run('CREATE TABLE kept (n int)');
      await server.stop();
      await expect(own.run('SELECT 1')).rejects.toThrow();
      await server.start();
      await server.kill();
      await server.start();
      expect((await own.run('SELECT count(*)::int AS n FROM kept')).rows).toEqual([{ n: 0 }]);
    } finally {
      await server.end();
    }
  });
});
