import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WHOLE_CONTEXT } from '../../lib/contract/query-page.js';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { ContextQuery } from '../../lib/context-index/terms/context-plan.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { CHUNKS } from '../support/sqlite/index-tables.js';
import { emptiedDatabase, insertFacts, regrow } from '../support/index/postgres-log.js';
import { KnowingProcess } from '../support/index/watched-connection.js';
import { prepared } from '../support/index/world.js';

/** Contexts that are remembered. */
const CONTEXTS = 4_096;
/** How often a look-up begins again because the log was replaced. */
const ATTEMPTS = 10;

const READING = 'Reading the head';
const LOOK_UP = 'The look-up';

const fact = (n: number): NewEvent => ({ event_type: 'a', payload: { n } });

function about(n: number): ContextQuery {
  const filters = [{ event_types: ['a'], payload_predicates: [{ n }] }];
  return new ContextQuery(prepared({ filters }));
}

const ofType = new ContextQuery(prepared({ filters: [{ event_types: ['a'] }] }));

describe('What a process remembers of contexts in Postgres', () => {
  let database: StoreDatabase;
  let process: KnowingProcess;
  emptiedDatabase((made) => {
    database = made;
  });
  beforeEach(async () => {
    process = new KnowingProcess(database.url);
    await process.connection.ready();
  });
  afterEach(async () => {
    await process.end();
  });

  /** Own facts, of which the process is told at once. */
  async function append(...facts: NewEvent[]): Promise<void> {
    process.log.committed(await process.commit(...facts));
  }

  it('is known at once, and brought up to what was appended since', async () => {
    const { index, connection } = process;
    await insertFacts(database, [fact(1), fact(2)]);
    const found = await index.query(about(1), WHOLE_CONTEXT);
    expect(found).toMatchObject({ current_context_version: 1n, last_returned_sequence_number: 1n });
    const asked = connection.asked.length;
    expect(index.known(about(1))).toEqual({ version: 1, head: 2, log: 0 });
    await append(fact(2));
    expect(index.known(about(1))).toEqual({ version: 1, head: 3, log: 0 });
    await append(fact(1), fact(2));
    expect(index.known(about(1))).toEqual({ version: 4, head: 5, log: 0 });
    expect(index.known(about(3))).toEqual({ version: 0, head: 5, log: 0 });
    expect(connection.asked).toHaveLength(asked);
    expect(await index.query(about(3), WHOLE_CONTEXT)).toEqual({
      event_records: [],
      last_returned_sequence_number: null,
      current_context_version: null,
    });
  });

  it('is looked up where nothing is known, after news when there may be some', async () => {
    const { index, log, connection } = process;
    await insertFacts(database, [fact(1), fact(2)]);
    expect(await index.known(about(1))).toEqual({ version: 1, head: 2, log: 0 });
    expect(connection.count(READING)).toBe(1);
    await insertFacts(database, [fact(1)]);
    // Own facts that came after those of others.
    const commit = await process.commit(fact(2));
    connection.before = () => undefined;
    log.committed(commit);
    expect(log.isBehind).toBe(true);
    expect(await index.known(about(1))).toEqual({ version: 3, head: 4, log: 0 });
  });

  it('is what was found when memory does not reach back so far', async () => {
    const { index, log, connection } = process;
    await insertFacts(database, [fact(1), fact(2)]);
    await index.query(about(1), WHOLE_CONTEXT);
    log.recent.restart(2);
    await append(fact(3));
    expect(index.known(about(1))).toEqual({ version: 1, head: 3, log: 0 });
    log.recent.restart(3);
    await append(fact(3));
    // Those that are remembered are as of the third fact by now; before the third, nobody knows.
    expect(index.current(about(1), { version: 1, head: 3, log: 0 })).toMatchObject({ head: 4 });
    expect(index.current(about(1), { version: 1, head: 2, log: 0 })).toBeUndefined();
    const asked = connection.count(LOOK_UP);
    expect(await index.known(about(2))).toEqual({ version: 2, head: 4, log: 0 });
    expect(connection.count(LOOK_UP)).toBeGreaterThan(asked);
    // By now it is remembered.
    const then = connection.count(LOOK_UP);
    expect(index.known(about(2))).toEqual({ version: 2, head: 4, log: 0 });
    expect(connection.count(LOOK_UP)).toBe(then);
  });

  it('is what the server has said, as of when it was asked', async () => {
    const { index, log } = process;
    await insertFacts(database, [fact(1), fact(2)]);
    const before = log.head;
    // Nothing was looked at yet.
    index.remember(ofType, 2n, before);
    await log.refresh();
    const then = log.head;
    await append(fact(3));
    index.remember(ofType, 2n, then);
    expect(index.known(ofType)).toEqual({ version: 3, head: 3, log: 0 });
    // It may have seen more than was known when it was asked.
    index.remember(about(5), 3n, then);
    await append(fact(5));
    expect(index.known(about(5))).toEqual({ version: 4, head: 4, log: 0 });
    // More than is known now: it may be of another log.
    index.remember(about(6), 5n, log.head);
    expect(index.known(about(6))).toEqual({ version: 0, head: 4, log: 0 });
    index.remember(about(7), null, log.head);
    expect(index.current(about(7), { version: 9, head: 4, log: 1 })).toBeUndefined();
    expect(index.known(about(7))).toEqual({ version: 0, head: 4, log: 0 });
    index.remember(about(8), 4n, { ...log.head, log: 1 });
    expect(index.known(about(8))).toEqual({ version: 0, head: 4, log: 0 });
  });

  it('is taken for what the server has said as far as its answer reaches', async () => {
    const { index, log } = process;
    await insertFacts(database, [fact(1), fact(2), fact(3)]);
    await log.refresh();
    // Wrong on purpose: what is remembered is not looked up again.
    index.remember(about(1), 3n, log.head);
    expect(index.known(about(1))).toEqual({ version: 3, head: 3, log: 0 });
    index.remember(about(2), 3n, { ...log.head, number: 1 });
    expect(index.known(about(2))).toEqual({ version: 3, head: 3, log: 0 });
    index.remember(about(3), 1n, { ...log.head, number: 2 });
    expect(index.known(about(3))).toEqual({ version: 3, head: 3, log: 0 });
  });

  it('is forgotten when very many others are remembered', async () => {
    const { index, log } = process;
    await insertFacts(database, [fact(1), fact(2)]);
    await log.refresh();
    // Wrong on purpose, so that a look-up shows.
    index.remember(about(1), null, log.head);
    index.remember(about(2), null, log.head);
    for (let n = 0; n < CONTEXTS - 1; n++) index.remember(about(1_000 + n), null, log.head);
    expect(index.known(about(2))).toEqual({ version: 0, head: 2, log: 0 });
    expect(index.known(about(1))).toEqual({ version: 1, head: 2, log: 0 });
  });

  it('of one log is nothing of another', async () => {
    const { index, log } = process;
    await insertFacts(database, [fact(1), fact(2)]);
    await index.query(about(1), WHOLE_CONTEXT);
    const known = await index.known(about(1));
    await regrow(database, 0, [fact(2), fact(1)]);
    await log.refresh();
    expect(log.head.log).toBe(1);
    expect(index.current(about(1), known!)).toBeUndefined();
    expect(await index.known(about(1))).toEqual({ version: 2, head: 2, log: 1 });
    expect((await index.query(about(2), WHOLE_CONTEXT))!.current_context_version).toBe(1n);
  });

  it('of two processes is each one’s own', async () => {
    const other = new KnowingProcess(database.url);
    try {
      await insertFacts(database, [fact(1)]);
      await process.index.query(about(1), WHOLE_CONTEXT);
      await insertFacts(database, [fact(1)]);
      await other.index.query(about(1), WHOLE_CONTEXT);
      expect(other.index.known(about(1))).toEqual({ version: 2, head: 2, log: 0 });
      expect(process.index.known(about(1))).toEqual({ version: 1, head: 1, log: 0 });
    } finally {
      await other.end();
    }
  });

  /** Puts another log in the place of the one that is being read, and lets that be noticed. */
  function replaceWhileLooking(times: number): void {
    const { connection, log } = process;
    let left = times;
    let isReplacing = false;
    connection.after = async (what) => {
      if (what !== LOOK_UP || left === 0 || isReplacing) return;
      left--;
      isReplacing = true;
      await regrow(database, 0, [fact(100 + left), fact(1), fact(2)]);
      await log.refresh();
      isReplacing = false;
    };
  }

  it.each([1, ATTEMPTS - 1, ATTEMPTS])(
    'is looked up again when the log is replaced %i times',
    async (times) => {
      const { index, log } = process;
      await insertFacts(database, [fact(2)]);
      replaceWhileLooking(times);
      const found = await index.query(about(2), WHOLE_CONTEXT);
      await log.refresh();
      if (times < ATTEMPTS) {
        expect(found!.event_records.map(({ payload }) => payload)).toEqual([{ n: 2 }]);
        expect(found!.current_context_version).toBe(3n);
      } else expect(found).toBeUndefined();
    },
  );

  it('is looked up again for a decision when the log is replaced', async () => {
    const { index, log } = process;
    await insertFacts(database, [fact(1), fact(2)]);
    await log.refresh();
    // So that it has to ask.
    log.recent.restart(2);
    replaceWhileLooking(1);
    expect(await index.known(about(2))).toEqual({ version: 3, head: 3, log: 1 });
  });

  it('is nothing for a decision when the log is replaced time and again', async () => {
    const { index, log, connection } = process;
    await insertFacts(database, [fact(1), fact(2)]);
    await log.refresh();
    log.recent.restart(2);
    replaceWhileLooking(Infinity);
    const { after } = connection;
    let replaced = 0;
    connection.after = async (what, statement) => {
      const before = log.head.log;
      await after(what, statement);
      if (log.head.log === before) return;
      replaced++;
      // What is new is not recent either.
      log.recent.restart(3);
    };
    expect(await index.known(about(2))).toBeNull();
    expect(replaced).toBe(ATTEMPTS);
  });

  it('is nothing for a decision while the log is behind at every look', async () => {
    const { index, log, connection } = process;
    await insertFacts(database, [fact(1)]);
    await log.refresh();
    const { facts } = await process.commit(fact(2));
    const ahead = { head: 99, headAt: 'another', at: 'later', facts };
    log.committed(ahead);
    connection.after = (what) => {
      if (what === READING) log.committed(ahead);
    };
    expect(await index.known(about(1))).toBeNull();
    expect(log.isBehind).toBe(true);
  });

  it('is found without a segment that cannot be read, which is made anew', async () => {
    const { index, log, keeper } = process;
    await insertFacts(database, [fact(1), fact(2)]);
    await log.refresh();
    log.memory.tail.trim(2);
    await keeper.finished();
    log.recent.restart(2);
    await database.run(`TRUNCATE ${CHUNKS}`);
    expect(await index.known(about(1))).toEqual({ version: 1, head: 2, log: 0 });
    expect([log.memory.useless.size, process.woken > 0]).toEqual([1, true]);
    await keeper.finished();
    expect([log.memory.useless.size, log.memory.indexed]).toEqual([0, 2]);
  });

  it('is nothing for a log whose numbers are too large', async () => {
    const { index, log } = process;
    await database.run(
      `INSERT INTO events (sequence_number, event_type, payload) VALUES (${2n ** 60n}, 'a', '{"n":1}')`,
    );
    expect(await index.query(about(1), WHOLE_CONTEXT)).toBeUndefined();
    expect(await index.known(about(1))).toBeNull();
    index.remember(about(1), 1n, log.head);
    expect(index.current(about(1), { version: 1, head: 0, log: 0 })).toBeUndefined();
  });

  it('says how much of the log is covered', async () => {
    const { index, log } = process;
    expect(index.progress).toEqual({ head: 0n, indexed: 0n });
    await insertFacts(database, [fact(1), fact(2), fact(3)]);
    await log.refresh();
    log.memory.tail.trim(2);
    expect(index.progress).toEqual({ head: 3n, indexed: 1n });
  });
});
