import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { Gate } from '../support/inbox/inbox.js';
import { until } from '../support/waiting/until.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { CHUNKS, SEGMENTS } from '../support/sqlite/index-tables.js';
import {
  HOLD_INDEX,
  emptiedDatabase,
  expectGapless,
  insertFacts,
  segmentRanges,
} from '../support/index/postgres-log.js';
import { KnowingProcess } from '../support/index/watched-connection.js';

/** Facts of a tail that is stored; facts that are read up; facts read at a time to be stored. */
const FULL = 4_096;
const MOST = 4_096;
const PAGE = 500;

const INDEXING = 'Indexing';
const STORE_CLOSED = { code: 'STORE_CLOSED' };

const facts = (count: number, n = 0): NewEvent[] =>
  Array.from({ length: count }, () => ({ event_type: 'a', payload: { n } }));

describe('The background that stores the index in Postgres', () => {
  let database: StoreDatabase;
  let process: KnowingProcess;
  let other: KnowingProcess;
  emptiedDatabase((made) => {
    database = made;
  });
  beforeEach(async () => {
    process = new KnowingProcess(database.url);
    other = new KnowingProcess(database.url);
  });
  afterEach(async () => {
    process.connection.before = () => undefined;
    await process.end();
    await other.end();
  });

  /** A log that is a hole to all who have not looked yet. */
  async function growHole(count = MOST + 2): Promise<void> {
    await insertFacts(database, facts(1));
    await process.log.refresh();
    await insertFacts(database, facts(count - 1));
    await process.log.refresh();
  }

  /** What the statement at which something happens begins with. */
  function beforeStatement(text: string, happens: () => unknown): void {
    process.connection.before = (what, statement) => {
      if (what !== INDEXING || !statement.text.trimStart().startsWith(text)) return undefined;
      process.connection.before = () => undefined;
      return happens();
    };
  }

  it('does nothing where there is no work', async () => {
    const { keeper, log, connection } = process;
    keeper.wake();
    await keeper.finished();
    await insertFacts(database, facts(FULL - 1));
    await log.refresh();
    keeper.wake();
    await keeper.finished();
    expect(connection.count(INDEXING)).toBe(0);
  });

  it('stores a full tail, once for all who wait', async () => {
    const { keeper, log } = process;
    await insertFacts(database, facts(FULL));
    await log.refresh();
    keeper.wake();
    await Promise.all([keeper.finished(), keeper.finished()]);
    expect(await segmentRanges(database)).toEqual([{ first: 1, last: FULL }]);
    const [stored] = await database.rows<{ id: number }>(
      `SELECT id::float8 AS id FROM ${SEGMENTS}`,
    );
    expect([log.needsWork, log.newestId, log.memory.tail.start]).toEqual([false, stored!.id, FULL]);
    expect(stored!.id).toBeGreaterThan(0);
  });

  it('gives ids that go on, whatever was removed meanwhile', async () => {
    const { keeper, log } = process;
    const ids: number[] = [];
    for (let n = 1; n <= 3; n++) {
      await insertFacts(database, facts(FULL));
      await log.refresh();
      await keeper.finished();
      expect(log.needsWork).toBe(false);
      ids.push(log.newestId!);
      await database.run(`TRUNCATE ${SEGMENTS}, ${CHUNKS}`);
      await log.refresh();
      expect(log.newestId).toBeNull();
    }
    expect(ids).toEqual([...new Set(ids)].sort((left, right) => left - right));
  });

  it.each([PAGE - 1, PAGE, PAGE + 1])('reads a hole of %i facts by pages', async (count) => {
    const { keeper, log, connection } = process;
    await insertFacts(database, facts(count));
    await log.refresh();
    log.memory.tail.trim(count);
    const pages: number[] = [];
    connection.before = (what, { name, values }) => {
      if (what === INDEXING && name === 'older') pages.push(Number(values![1]));
    };
    await keeper.finished();
    expect(pages).toEqual(count < PAGE ? [count] : [count, count - PAGE]);
    expect(await segmentRanges(database)).toEqual([{ first: 1, last: count }]);
    expect(log.memory.indexed).toBe(count);
  });

  it('leaves the work to another process that is at it, and finds it done', async () => {
    await growHole();
    const gate = new Gate();
    const held = database.hold(HOLD_INDEX, gate.passed);
    await held.begun;
    const done = process.keeper.finished();
    const { connection } = process;
    await until(
      () => connection.count(INDEXING) > 4,
      () => 'attempts',
    );
    expect(await segmentRanges(database)).toEqual([]);
    gate.open();
    await held.ended;
    await done;
    await expectGapless(database);
    expect(process.log.memory.indexed).toBe(MOST + 2);
  });

  it.each(['SET LOCAL', 'SELECT pg_catalog.pg_try_advisory_xact_lock'])(
    'drops its own work when another process was first, before its %s',
    async (text) => {
      await growHole();
      await other.log.refresh();
      let stored: unknown;
      beforeStatement(text, async () => {
        await other.keeper.finished();
        stored = await database.rows(`SELECT id FROM ${SEGMENTS}`);
      });
      await process.keeper.finished();
      expect(stored).toHaveLength(1);
      expect(await database.rows(`SELECT id FROM ${SEGMENTS}`)).toEqual(stored);
      expect(process.log.newestId).toBe(other.log.newestId);
      await expectGapless(database);
    },
  );

  it.each(['INSERT', 'SELECT (SELECT max(id)'])(
    'stores nothing of a log that was replaced before its %s',
    async (text) => {
      const { keeper, log } = process;
      await insertFacts(database, facts(FULL));
      await log.refresh();
      beforeStatement(text, () =>
        database.run(
          `UPDATE events SET occurred_at = occurred_at - interval '1 hour', payload = '{"n":7}'`,
        ),
      );
      await keeper.finished();
      expect(log.head.log).toBe(1);
      expect(await segmentRanges(database)).toEqual([{ first: 1, last: FULL }]);
      // Those who read it find that it is of this log.
      await other.log.refresh();
      expect(other.log.memory.segments.segments).toHaveLength(1);
      expect(other.log.memory.useless.size).toBe(0);
    },
  );

  it('removes segments that are of no use', async () => {
    const { keeper, log } = process;
    await insertFacts(database, facts(FULL));
    await log.refresh();
    await keeper.finished();
    log.memory.discardAll();
    expect(log.needsWork).toBe(true);
    await keeper.finished();
    expect(log.memory.useless.size).toBe(0);
    expect(await segmentRanges(database)).toEqual([{ first: 1, last: FULL }]);
    await expectGapless(database);
  });

  it('tells those who wait of a failure, and does the work all the same', async () => {
    await growHole();
    const failing = new Error('No answer.');
    beforeStatement('INSERT', () => {
      throw failing;
    });
    const waiting = [process.keeper.finished(), process.keeper.finished()];
    for (const told of waiting) await expect(told).rejects.toMatchObject({ cause: failing });
    expect(process.log.needsWork).toBe(true);
    // After a pause.
    await process.keeper.finished();
    await expectGapless(database);
  });

  it('ends at once in a pause, and tells those who wait', async () => {
    await growHole();
    const failing = new Error('No answer.');
    process.connection.before = (what) => {
      if (what === INDEXING) throw failing;
    };
    await expect(process.keeper.finished()).rejects.toBe(failing);
    const asked = process.connection.count(INDEXING);
    const told = expect(process.keeper.finished()).rejects.toMatchObject(STORE_CLOSED);
    await process.keeper.close();
    await told;
    await expect(process.keeper.finished()).rejects.toMatchObject(STORE_CLOSED);
    process.keeper.wake();
    expect(process.connection.count(INDEXING)).toBe(asked);
  });

  it('ends between two pages', async () => {
    await growHole();
    let ended: Promise<void> | undefined;
    let pages = 0;
    process.connection.before = (_, { name }) => {
      if (name !== 'older') return;
      pages++;
      ended ??= process.keeper.close();
    };
    await expect(process.keeper.finished()).rejects.toMatchObject(STORE_CLOSED);
    await ended;
    expect(pages).toBe(1);
    expect(await segmentRanges(database)).toEqual([]);
  });
});
