import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { SchemaMissingError, UnsupportedFormatError } from '../../lib/contract/errors.js';
import { StoreDatabase } from '../support/postgres/database.js';
import { CHUNKS, SEGMENTS } from '../support/sqlite/index-tables.js';
import { insertFacts, regrow, segmentRanges } from '../support/index/postgres-log.js';
import { KnowingProcess } from '../support/index/watched-connection.js';

/** Facts of a tail that is stored; how often the log is read where its tables come and go. */
const FULL = 4_096;
const ATTEMPTS = 3;

const READING = 'Reading the head';
const LOADING = 'Reading the index';
const DROP = `DROP TABLE ${SEGMENTS}, ${CHUNKS}`;

const fact = (n: number): NewEvent => ({ event_type: 'a', payload: { n } });
const facts = (count: number): NewEvent[] => Array.from({ length: count }, (_, n) => fact(n));

describe('What a process knows of a log whose tables come and go in Postgres', () => {
  let database: StoreDatabase;
  const processes: KnowingProcess[] = [];
  beforeEach(async () => {
    database = await StoreDatabase.create();
    await database.store().connect();
  });
  afterEach(async () => {
    for (const process of processes.splice(0)) await process.end();
    await database.dispose();
  });

  function begin(initialize = true, url = database.url): KnowingProcess {
    const process = new KnowingProcess(url, { initialize });
    processes.push(process);
    return process;
  }

  /** A segment, which one process knows, and another one does not. */
  async function createStored(): Promise<KnowingProcess> {
    const process = begin();
    await insertFacts(database, facts(FULL));
    await process.log.refresh();
    await process.keeper.finished();
    expect(process.log.memory.segments.segments).toHaveLength(1);
    return process;
  }

  it('goes on, and the index’s tables are made again when they were dropped', async () => {
    const { log, keeper, connection } = await createStored();
    await database.run(DROP);
    await insertFacts(database, facts(1));
    const asked = connection.count(READING);
    await log.refresh();
    expect(connection.count(READING) - asked).toBe(2);
    expect([log.head.number, log.newestId, log.needsWork]).toEqual([FULL + 1, null, true]);
    await keeper.finished();
    expect((await segmentRanges(database)).at(0)).toMatchObject({ first: 1 });
    expect(log.needsWork).toBe(false);
  });

  it('needs no such tables, and is stored as soon as there are some', async () => {
    await database.run(DROP);
    const { log, keeper, connection } = begin(false);
    await insertFacts(database, facts(FULL));
    await log.refresh();
    expect([log.head.number, log.newestId, log.isTailFull, log.needsWork]).toEqual([
      FULL,
      null,
      true,
      false,
    ]);
    await database.store().connect();
    connection.invalidate();
    await log.refresh();
    expect(log.needsWork).toBe(true);
    await keeper.finished();
    expect(await segmentRanges(database)).toEqual([{ first: 1, last: FULL }]);
    await database.run(DROP);
    await log.refresh();
    expect([log.isOpen, log.newestId, log.needsWork]).toEqual([true, null, false]);
    expect(log.memory.segments.segments).toEqual([]);
  });

  it('goes on without the index’s tables when they are withdrawn from its role', async () => {
    const { role, url } = await database.role();
    await database.run(`GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`);
    const { log } = begin(false, url);
    await insertFacts(database, facts(FULL));
    await log.refresh();
    expect(log.needsWork).toBe(true);
    await database.run(`REVOKE SELECT ON ${SEGMENTS} FROM ${role}`);
    await insertFacts(database, facts(1));
    await log.refresh();
    expect([log.isOpen, log.head.number, log.needsWork]).toEqual([true, FULL + 1, false]);
  });

  it('has no segments when their tables are dropped before they are read', async () => {
    await createStored();
    const { log, connection } = begin();
    connection.afterNext(READING, () => database.run(DROP));
    await log.refresh();
    expect([log.isOpen, log.head.number, log.newestId]).toEqual([true, FULL, undefined]);
    expect(log.memory.segments.segments).toEqual([]);
    await log.refresh();
    expect(log.newestId).toBeNull();
  });

  it.each([
    ['the log', READING, 1],
    ['its segments', LOADING, 1],
  ])('is asked for again only when there is a reason: %s', async (_, what, times) => {
    await createStored();
    const { log, connection } = begin();
    const failing = new Error('No answer.');
    connection.before = (asked) => {
      if (asked === what) throw failing;
    };
    await expect(log.refresh()).rejects.toBe(failing);
    expect([connection.count(what), log.isOpen]).toEqual([times, false]);
    connection.before = () => undefined;
    await log.refresh();
    expect(log.memory.segments.segments).toHaveLength(1);
  });

  it('is not asked for without end', async () => {
    const { log, connection } = begin();
    connection.before = (what) => {
      if (what === READING) throw new SchemaMissingError('Gone.');
    };
    await expect(log.refresh()).rejects.toThrow(SchemaMissingError);
    expect(connection.count(READING)).toBe(ATTEMPTS);
  });

  it('is nothing of the log before when that was replaced', async () => {
    const { log, connection } = begin();
    await insertFacts(database, facts(3));
    await log.refresh();
    await regrow(database, 1, [fact(7)]);
    const failing = new Error('No answer.');
    connection.afterNext(READING, () => {
      connection.before = () => {
        throw failing;
      };
    });
    await expect(log.refresh()).rejects.toBe(failing);
    expect([log.isOpen, log.head]).toEqual([false, { number: 0, at: '', log: 1 }]);
    connection.before = () => undefined;
    await log.refresh();
    expect([log.isOpen, log.head.number, log.recent.start]).toEqual([true, 2, 0]);
    expect([1, 2, 3].map((number) => log.recent.get(number)?.payload)).toEqual([
      { n: 0 },
      { n: 7 },
      undefined,
    ]);
  });

  it('is of no log of another format', async () => {
    const { log } = begin();
    await insertFacts(database, facts(3));
    await log.refresh();
    await database.run(`UPDATE store_metadata SET value = '99' WHERE key = 'store_format_version'`);
    // As long as it is the same one.
    await log.refresh();
    await regrow(database, 1, facts(4));
    await expect(log.refresh()).rejects.toThrow(UnsupportedFormatError);
    await expect(log.refresh()).rejects.toThrow(UnsupportedFormatError);
  });
});
