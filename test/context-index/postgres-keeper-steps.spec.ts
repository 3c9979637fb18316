import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WHOLE_CONTEXT } from '../../lib/contract/query-page.js';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { ContextQuery } from '../../lib/context-index/terms/context-plan.js';
import { numbers, upTo } from '../support/facts/facts.js';
import { Gate } from '../support/inbox/inbox.js';
import { until } from '../support/waiting/until.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { growHole, knowingProcesses } from './support/holes.js';
import { SEGMENTS } from '../support/sqlite/index-tables.js';
import {
  HOLD_INDEX,
  emptiedDatabase,
  insertFacts,
  regrow,
  segmentRanges,
} from '../support/index/postgres-log.js';
import type { KnowingProcess } from '../support/index/watched-connection.js';
import { prepared } from '../support/index/world.js';

/** Facts of a tail that is stored, and numbers that one segment may span. */
const FULL = 4_096;
const MAX_SPAN = 2 ** 20;

const INDEXING = 'Indexing';

const fact = (n: number): NewEvent => ({ event_type: 'a', payload: { n } });
const about = (n: number): ContextQuery =>
  new ContextQuery(prepared({ filters: [{ event_types: ['a'], payload_predicates: [{ n }] }] }));

describe('The background that stores the index in Postgres, step by step', () => {
  let database: StoreDatabase;
  let process: KnowingProcess;
  emptiedDatabase((made) => {
    database = made;
  });
  beforeEach(async () => {
    process = begin(database);
    await process.log.refresh();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  const begin = knowingProcesses();

  /** What one that begins finds in the index. */
  async function found(n: number): Promise<number[]> {
    const { index, log } = begin(database);
    const result = await index.query(about(n), WHOLE_CONTEXT);
    expect(log.memory.useless.size).toBe(0);
    return numbers(result!.event_records);
  }

  /** Of each segment, whether some of its facts are candidates for everything. */
  async function overflows(): Promise<boolean[]> {
    const rows = await database.rows<{ overflows: boolean }>(`SELECT overflows FROM ${SEGMENTS}`);
    return rows.map((row) => row.overflows);
  }

  /** Once, before the next such statement of the background. */
  function beforeNext(name: string, happens: () => unknown): void {
    const { connection } = process;
    connection.before = (what, statement) => {
      if (what !== INDEXING || statement.name !== name) return undefined;
      connection.before = () => undefined;
      return happens();
    };
  }

  it('goes on with what comes as it ends', async () => {
    const { keeper, log } = process;
    await growHole(database, process, [fact(1)]);
    const commit = await process.commit(...upTo(FULL).map(fact));
    await keeper.finished().then(() => {
      log.committed(commit);
      expect(log.needsWork).toBe(true);
      keeper.wake();
    });
    await until(
      () => !log.needsWork,
      () => 'the tail to be stored',
    );
    expect(log.memory.indexed).toBe(1 + FULL);
  });

  it('stores one hole after the other', async () => {
    const { keeper, log } = process;
    for (let n = 1; n <= 3; n++) {
      await growHole(database, process, [fact(n), fact(0)]);
      await keeper.finished();
      expect((await segmentRanges(database)).at(-1)).toEqual({ first: 2 * n - 1, last: 2 * n });
      expect(log.memory.indexed).toBe(2 * n);
    }
    expect([await found(2), await found(0)]).toEqual([[3], [2, 4, 6]]);
    expect(await overflows()).toEqual([false, false, false]);
  });

  it('stores a hole that is too long for one segment, and numbers that no fact has', async () => {
    const { keeper, log } = process;
    await growHole(database, process, [fact(1)]);
    await growHole(database, process, [fact(2), fact(1)], MAX_SPAN + 10);
    await keeper.finished();
    expect(await segmentRanges(database)).toEqual([
      { first: 1, last: 10 + 1 },
      { first: 12, last: MAX_SPAN + 11 },
    ]);
    expect(await found(1)).toEqual([1, MAX_SPAN + 11]);
    expect(log.needsWork).toBe(false);
  });

  it('stores a segment that ends with a number that no fact has', async () => {
    const { keeper, log } = process;
    await insertFacts(database, [fact(1)]);
    await insertFacts(database, [fact(1)], 30);
    await log.refresh();
    log.memory.tail.trim(20);
    await keeper.finished();
    expect(await segmentRanges(database)).toEqual([{ first: 1, last: 20 }]);
    expect(await found(1)).toEqual([1, 30]);
  });

  it('stores facts that are too large to be read as candidates for everything', async () => {
    let state = 1;
    const noise = Array.from({ length: 20_000 }, () =>
      String.fromCharCode(0x4e00 + ((state = (state * 48_271) % 0x7fffffff) % 20_000)),
    ).join('');
    await growHole(database, process, [
      fact(1),
      { event_type: 'a', payload: { n: 2, noise } },
      fact(3),
    ]);
    await process.keeper.finished();
    expect([await found(1), await found(2), await found(3)]).toEqual([[1], [2], [3]]);
    expect(await overflows()).toEqual([true]);
  });

  it('reads a hole once while another process is at it, and nothing of it is left for another log', async () => {
    const { keeper, log, connection } = process;
    await growHole(database, process, upTo(3).map(fact));
    const gate = new Gate();
    const held = database.hold(HOLD_INDEX, gate.passed);
    await held.begun;
    let pages = 0;
    let attempts = 0;
    connection.before = (what, { name, text }) => {
      if (what !== INDEXING) return;
      if (name === 'older') pages++;
      if (text.includes('pg_try_advisory_xact_lock')) attempts++;
    };
    const done = keeper.finished();
    await until(
      () => attempts > 2,
      () => 'attempts',
    );
    expect(pages).toBe(1);
    await regrow(
      database,
      0,
      upTo(3).map((n) => fact(10 * n)),
    );
    await log.refresh();
    await done;
    gate.open();
    await held.ended;
    expect(await segmentRanges(database)).toEqual([]);
    log.memory.tail.trim(3);
    await keeper.finished();
    expect(await segmentRanges(database)).toEqual([{ first: 1, last: 3 }]);
    expect([await found(1), await found(10), await found(30)]).toEqual([[], [1], [3]]);
  });

  it('removes a segment of a log that is empty by now', async () => {
    const { keeper, log } = process;
    await growHole(database, process, [fact(1)]);
    await keeper.finished();
    await database.run('TRUNCATE events');
    await log.refresh();
    expect([log.needsWork, log.head.number]).toEqual([true, 0]);
    await keeper.finished();
    expect([await segmentRanges(database), log.newestId]).toEqual([[], null]);
  });

  it('stores nothing of a log that was replaced before it looks at the fact that a segment ends with', async () => {
    const { keeper, log } = process;
    await growHole(database, process, [fact(1), fact(2)]);
    beforeNext('fingerprint', () =>
      database.run(
        `UPDATE events SET occurred_at = occurred_at - interval '1 hour', payload = '{"n":7}'`,
      ),
    );
    await keeper.finished();
    expect(log.head.log).toBe(1);
    log.memory.tail.trim(2);
    await keeper.finished();
    expect([await found(1), await found(7)]).toEqual([[], [1, 2]]);
  });

  it('writes nothing of a log that is known to be replaced while it reads', async () => {
    const { keeper, log, connection } = process;
    await growHole(database, process, [fact(1), fact(2)]);
    let inserts = 0;
    let replaced = false;
    connection.before = async (_, { name, text }) => {
      if (text.startsWith('INSERT')) inserts++;
      if (name !== 'older' || replaced) return;
      replaced = true;
      await regrow(database, 0, [fact(7), fact(7)]);
      await log.refresh();
      log.memory.tail.trim(2);
    };
    await keeper.finished();
    // The segment, and its chunks.
    expect(inserts).toBe(2);
    expect(await found(7)).toEqual([1, 2]);
  });

  it('drops what another process has stored in part', async () => {
    const other = begin(database);
    const { keeper, log } = process;
    await insertFacts(database, [fact(1)]);
    await insertFacts(database, [fact(2)], MAX_SPAN + 10);
    for (const one of [process, other]) await one.log.refresh();
    let pages = 0;
    other.connection.before = (_, { name }) => {
      if (name === 'older' && ++pages === 2) throw new Error('No answer.');
    };
    // It has read the newer part.
    let older = 0;
    process.connection.before = async (_, { name, text }) => {
      if (name === 'older') older++;
      if (older !== 1 || !text.startsWith('SET LOCAL')) return;
      older++;
      await expect(other.keeper.finished()).rejects.toThrow('No answer.');
      await other.keeper.close();
      expect(await segmentRanges(database)).toHaveLength(1);
    };
    await keeper.finished();
    expect(await segmentRanges(database)).toEqual([
      { first: 1, last: 10 },
      { first: 11, last: MAX_SPAN + 10 },
    ]);
    expect([await found(1), await found(2), log.needsWork]).toEqual([[1], [MAX_SPAN + 10], false]);
  });

  it('begins ids at a random place, and goes on above those that are there', async () => {
    const { keeper, log } = process;
    jest.spyOn(Math, 'random').mockReturnValue(0.75);
    await growHole(database, process, [fact(1)]);
    await keeper.finished();
    expect(log.newestId).toBeGreaterThan(2 ** 31);
    // Of a process that was here before, and damaged.
    await database.run(`INSERT INTO ${SEGMENTS}
      SELECT ${2 ** 40}, first_sequence_number, last_sequence_number, entries, overflows, last_fact, fences, bloom,
        checksum FROM ${SEGMENTS}`);
    await growHole(database, process, [fact(2)]);
    await keeper.finished();
    expect(log.newestId).toBeGreaterThan(2 ** 40);
    expect(await segmentRanges(database)).toHaveLength(2);
  });

  it('lets the server end its transaction when it stands still', async () => {
    const { keeper, connection } = process;
    let settings = '';
    connection.before = (_, { text }) => {
      if (text.startsWith('SET LOCAL')) settings = text;
    };
    await growHole(database, process, [fact(1)]);
    await keeper.finished();
    const [row] = await connection.quietly(
      `SELECT set_config(name, setting, false) FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'`,
    );
    // For no more than the transaction.
    expect(row).toEqual(['0']);
    expect(settings).toContain('SET LOCAL idle_in_transaction_session_timeout = 5000');
  });
});
