import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { ContextQuery } from '../../lib/context-index/context-plan.js';
import { numbers, upTo } from '../conformance/support/facts.js';
import { Gate } from '../conformance/support/inbox.js';
import { until } from '../conformance/support/until.js';
import { StoreDatabase } from '../postgres/support/database.js';
import { CHUNKS, SEGMENTS } from './support/index-tables.js';
import {
  HOLD_INDEX,
  emptiedDatabase,
  insertFacts,
  regrow,
  segmentRanges,
} from './support/postgres-log.js';
import { KnowingProcess } from './support/watched-connection.js';
import { prepared } from './support/world.js';

/** Facts of a tail that is stored; numbers that one segment may span; milliseconds until the next attempt. */
const FULL = 4_096;
const MAX_SPAN = 2 ** 20;
const PAUSE = 1_000;

const INDEXING = 'Indexing';

const fact = (n: number): NewEvent => ({ event_type: 'a', payload: { n } });
const about = (n: number): ContextQuery =>
  new ContextQuery(prepared({ filters: [{ event_types: ['a'], payload_predicates: [{ n }] }] }));

const processes: KnowingProcess[] = [];

function begin(url: string, initialize = true): KnowingProcess {
  const process = new KnowingProcess(url, { initialize });
  processes.push(process);
  return process;
}

async function endAll(): Promise<void> {
  for (const process of processes.splice(0)) {
    process.connection.before = () => undefined;
    await process.end();
  }
}

describe('The background that stores the index in Postgres, step by step', () => {
  let database: StoreDatabase;
  let process: KnowingProcess;
  emptiedDatabase((made) => {
    database = made;
  });
  beforeEach(async () => {
    process = begin(database.url);
    await process.log.refresh();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await endAll();
  });

  /** Facts that are a hole for the process. */
  async function growHole(facts: readonly NewEvent[], number?: number): Promise<void> {
    await insertFacts(database, facts, number);
    await process.log.refresh();
    const { tail } = process.log.memory;
    tail.trim(tail.end);
    expect(process.log.memory.hasHoles).toBe(true);
  }

  /** What one that begins finds in the index. */
  async function found(n: number): Promise<number[]> {
    const { index, log } = begin(database.url);
    const result = await index.query(about(n), Infinity);
    expect(log.memory.useless.size).toBe(0);
    return numbers(result!.event_records);
  }

  it('goes on with what comes as it ends', async () => {
    const { keeper, log } = process;
    await growHole([fact(1)]);
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
      await growHole([fact(n), fact(0)]);
      await keeper.finished();
      expect((await segmentRanges(database)).at(-1)).toEqual({ first: 2 * n - 1, last: 2 * n });
      expect(log.memory.indexed).toBe(2 * n);
    }
    expect([await found(2), await found(0)]).toEqual([[3], [2, 4, 6]]);
  });

  it('stores a hole that is too long for one segment, and numbers that no fact has', async () => {
    const { keeper, log } = process;
    await growHole([fact(1)]);
    await growHole([fact(2), fact(1)], MAX_SPAN + 10);
    await keeper.finished();
    expect(await segmentRanges(database)).toEqual([
      { first: 1, last: 10 + 1 },
      { first: 12, last: MAX_SPAN + 11 },
    ]);
    expect(await found(1)).toEqual([1, MAX_SPAN + 11]);
    expect(log.needsWork).toBe(false);
  });

  it('stores facts that are too large to be read as candidates for everything', async () => {
    let state = 1;
    const noise = Array.from({ length: 20_000 }, () =>
      String.fromCharCode(0x4e00 + ((state = (state * 48_271) % 0x7fffffff) % 20_000)),
    ).join('');
    await growHole([fact(1), { event_type: 'a', payload: { n: 2, noise } }, fact(3)]);
    await process.keeper.finished();
    expect([await found(1), await found(2), await found(3)]).toEqual([[1], [2], [3]]);
  });

  it('reads a hole once while another process is at it, and nothing of it is left for another log', async () => {
    const { keeper, log, connection } = process;
    await growHole(upTo(3).map(fact));
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
    await growHole([fact(1)]);
    await keeper.finished();
    await database.run('TRUNCATE events');
    await log.refresh();
    expect([log.needsWork, log.head.number]).toEqual([true, 0]);
    await keeper.finished();
    expect([await segmentRanges(database), log.newestId]).toEqual([[], null]);
  });

  it('keeps the process alive only while it is waited for', async () => {
    const { keeper, connection } = process;
    const wait = globalThis.setTimeout;
    const pauses: NodeJS.Timeout[] = [];
    jest.spyOn(globalThis, 'setTimeout').mockImplementation((end, milliseconds) => {
      const timer = wait(end, milliseconds);
      if (milliseconds === PAUSE) pauses.push(timer);
      return timer;
    });
    const failing = new Error('No answer.');
    connection.before = (what) => {
      if (what === INDEXING) throw failing;
    };
    await growHole([fact(1)]);
    keeper.wake();
    await until(
      () => pauses.length === 1,
      () => 'a pause',
    );
    expect(pauses[0]!.hasRef()).toBe(false);
    const told = expect(keeper.finished()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(pauses[0]!.hasRef()).toBe(true);
    await keeper.close();
    await told;
  });

  it('leaves nothing behind of its pauses', async () => {
    const { keeper } = process;
    const begun = jest.spyOn(EventTarget.prototype, 'addEventListener');
    const ended = jest.spyOn(EventTarget.prototype, 'removeEventListener');
    await growHole([fact(1)]);
    await keeper.finished();
    const ofEnds = (calls: readonly (readonly unknown[])[]): unknown[] =>
      calls.filter(([type]) => type === 'abort').map(([, listener]) => listener);
    expect(ofEnds(begun.mock.calls).length).toBeGreaterThan(0);
    expect(ofEnds(ended.mock.calls)).toEqual(ofEnds(begun.mock.calls));
  });

  it('lets the server end its transaction when it stands still', async () => {
    const { keeper, connection } = process;
    let settings = '';
    connection.before = (_, { text }) => {
      if (text.startsWith('SET LOCAL')) settings = text;
    };
    await growHole([fact(1)]);
    await keeper.finished();
    const [row] = await connection.quietly(
      `SELECT set_config(name, setting, false) FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'`,
    );
    // For no more than the transaction.
    expect(row).toEqual(['0']);
    expect(settings).toContain('SET LOCAL idle_in_transaction_session_timeout = 5000');
  });
});

describe('The background that stores the index in Postgres', () => {
  let database: StoreDatabase;
  beforeEach(async () => {
    database = await StoreDatabase.create();
    await database.store().connect();
  });
  afterEach(async () => {
    await endAll();
    await database.dispose();
  });

  it('leaves its work where there are no tables for it any more', async () => {
    const reading = begin(database.url, false);
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
    const { keeper, log, connection } = begin(url, false);
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
