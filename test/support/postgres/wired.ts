import { afterEach } from '@jest/globals';
import pg from 'pg';
import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options.js';
import type { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { testDatabases } from './database.js';
import type { StoreDatabase } from './database.js';
import { CUTS, Wire } from './wire.js';
import type { Cut } from './wire.js';

/** A database, a wire to it, and a connection beside the wire. */
export interface Wired {
  readonly database: StoreDatabase;
  readonly wire: Wire;
  /** A store that reaches the database by the wire. */
  readonly store: (options?: PostgresStoreOptions) => FactstrPostgresStore;
  /** Looks into the database. */
  readonly rows: <T>(sql: string, values?: unknown[]) => Promise<T[]>;
}

/** Gives each test databases and wires of its own. */
export function testWires(): (options?: { dropsOptions?: boolean }) => Promise<Wired> {
  const wires: Wire[] = [];
  const clients: pg.Client[] = [];
  const create = testDatabases(async () => {
    // Stores wait for what is held.
    for (const wire of wires) wire.pass();
    for (const client of clients.splice(0)) await client.end();
  });
  // After those of the databases.
  afterEach(async () => {
    for (const wire of wires.splice(0)) await wire.stop();
  });
  return async (options) => {
    const database = await create();
    const wire = await Wire.start(database.url, options);
    wires.push(wire);
    const client = new pg.Client({ connectionString: database.url });
    clients.push(client);
    await client.connect();
    return {
      database,
      wire,
      store: (given = {}) => database.store(given, wire.url),
      rows: async (sql, values) => (await client.query(sql, values)).rows as never[],
    };
  };
}

/** Calls `play` for each request that fits, and each place where it can be cut, until none is left. */
export async function atEachCut(
  wire: Wire,
  fits: (text: string) => boolean,
  play: (step: number, cut: Cut) => Promise<void>,
  cuts: readonly Cut[] = CUTS,
): Promise<number> {
  for (let step = 0; ; step++) {
    for (const cut of cuts) {
      const came = wire.cutAt(step, cut, fits);
      await play(step, cut);
      wire.pass();
      if (!came()) return step;
    }
  }
}
