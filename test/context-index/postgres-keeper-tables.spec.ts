import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { StoreDatabase } from '../support/postgres/database.js';
import { knowingProcesses } from './support/holes.js';
import { CHUNKS, SEGMENTS } from '../support/sqlite/index-tables.js';
import { insertFacts, segmentRanges } from '../support/index/postgres-log.js';

const INDEXING = 'Indexing';

const fact = (n: number): NewEvent => ({ event_type: 'a', payload: { n } });

describe('The background that stores the index in Postgres, whose tables are taken away', () => {
  let database: StoreDatabase;
  const begin = knowingProcesses();
  beforeEach(async () => {
    database = await StoreDatabase.create();
    await database.store().connect();
  });
  afterEach(async () => {
    await database.dispose();
  });

  it('leaves its work where there are no tables for it any more', async () => {
    const reading = begin(database, { initialize: false });
    await insertFacts(database, [fact(1)]);
    await reading.log.refresh();
    reading.log.memory.tail.trim(1);
    await database.run(`DROP TABLE ${SEGMENTS}, ${CHUNKS}`);
    reading.connection.invalidate();
    await reading.keeper.finished();
    expect([reading.log.isOpen, reading.log.needsWork]).toEqual([true, false]);
  });

  it('leaves its work when the tables are withdrawn from its role', async () => {
    const { role, url } = await database.role();
    await database.run(`GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`);
    const { keeper, log, connection } = begin({ url }, { initialize: false });
    await insertFacts(database, [fact(1)]);
    await log.refresh();
    log.memory.tail.trim(1);
    connection.before = async (what, { text }) => {
      if (what !== INDEXING || !text.startsWith('INSERT')) return;
      connection.before = () => undefined;
      await database.run(`REVOKE INSERT ON ${SEGMENTS} FROM ${role}`);
    };
    await expect(keeper.finished()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await keeper.finished();
    expect([log.isOpen, log.needsWork, await segmentRanges(database)]).toEqual([true, false, []]);
  });
});
