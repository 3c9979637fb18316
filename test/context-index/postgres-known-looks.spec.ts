import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import type { OwnCommit } from '../../lib/stores/postgres/index/log-state.js';
import { settle, until } from '../support/waiting/until.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { emptiedDatabase, insertFacts } from '../support/index/postgres-log.js';
import { KnowingProcess } from '../support/index/watched-connection.js';

/** Facts that are read at once; those of a tail that is given up, and what is kept of it. */
const MOST = 4_096;
const LONGEST = 16_384;
const SHORTENED = 1_024;
/** How often memory looks again for what came while it looked. */
const LOOKS = 10;
/** Milliseconds between two looks for those who only append. */
const PACE = 100;

const READING = 'Reading the head';

const fact = (n: number): NewEvent => ({ event_type: 'a', payload: { n } });
const facts = (count: number): NewEvent[] => Array.from({ length: count }, (_, n) => fact(n));

describe('A process that looks for what is new in Postgres', () => {
  let database: StoreDatabase;
  let process: KnowingProcess;
  emptiedDatabase((made) => {
    database = made;
  });
  beforeEach(async () => {
    process = new KnowingProcess(database.url);
    await process.log.refresh();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await process.end();
  });

  it('leaves a hole after looks in vain for what comes between them', async () => {
    const { log, connection } = process;
    const own: OwnCommit[] = [];
    for (let n = 0; n < LOOKS + 1; n++) own.push(await process.commit(fact(n)));
    await insertFacts(database, facts(MOST + LOOKS + 1));
    // At each look it is told of one more fact of its own, and there are still too many to be read.
    connection.after = (what) => {
      if (what === READING) log.committed(own.shift()!);
    };
    const asked = connection.count(READING);
    await log.refresh();
    expect(connection.count(READING) - asked).toBe(LOOKS);
    const head = MOST + 2 * (LOOKS + 1);
    expect([log.head.number, log.isBehind, log.memory.tail.start]).toEqual([head, false, head]);
    expect(log.memory.hasHoles).toBe(true);
    expect(log.recent.start).toBe(head);
    log.committed(await process.commit(fact(0)));
    expect([log.head.number, log.isBehind]).toEqual([head + 1, false]);
  });

  it('looks once for more facts than it reads', async () => {
    const { log, connection } = process;
    await insertFacts(database, facts(MOST + 1));
    const asked = connection.count(READING);
    await log.refresh();
    expect(connection.count(READING) - asked).toBe(1);
    expect([log.head.number, process.woken]).toEqual([MOST + 1, 1]);
  });

  it('keeps what it knows, and reads no segment anew, where nothing is new', async () => {
    const { log, keeper, connection } = process;
    await insertFacts(database, facts(MOST));
    await log.refresh();
    await keeper.finished();
    const before = { ...log.head };
    await log.refresh();
    const asked = connection.count('Reading the index');
    await log.refresh();
    expect(connection.count('Reading the index')).toBe(asked);
    expect(log.head).toEqual(before);
    expect(log.recent.start).toBe(0);
    expect(log.recent.get(1)).toMatchObject(fact(0));
  });

  it('has work where there is nothing but a segment to remove', () => {
    const { log } = process;
    expect(log.needsWork).toBe(false);
    log.memory.addUseless(7);
    expect([log.needsWork, log.memory.hasHoles, log.isTailFull]).toEqual([true, false, false]);
  });

  it('looks no sooner than a pace later for those who only append', async () => {
    const { log, connection } = process;
    const wait = globalThis.setTimeout;
    const paces: (() => void)[] = [];
    jest.spyOn(globalThis, 'setTimeout').mockImplementation((then, milliseconds) => {
      const timer = wait(then, milliseconds);
      if (milliseconds !== PACE) return timer;
      clearTimeout(timer);
      paces.push(then);
      return timer;
    });
    const ahead = {
      head: 7,
      headAt: 'another',
      at: 'later',
      facts: (await process.commit(fact(1))).facts,
    };
    for (let round = 1; round <= 2; round++) {
      const asked = connection.count(READING);
      log.committed(ahead);
      await until(
        () => paces.length === 1,
        () => 'a look to end',
      );
      for (let n = 0; n < 3; n++) {
        log.committed(ahead);
        await connection.quietly('SELECT 1');
        await settle();
      }
      expect([log.isBehind, connection.count(READING) - asked]).toEqual([true, 1]);
      paces.shift()!();
    }
  });

  it('is told of own commits that it has read by then', async () => {
    const { log, connection } = process;
    connection.before = async (what) => {
      if (what !== READING) return;
      connection.before = () => undefined;
      await insertFacts(database, [fact(0)]);
      log.committed(await process.commit(fact(1)));
      expect([log.isBehind, log.head.number]).toEqual([true, 0]);
    };
    await log.refresh();
    expect([log.isBehind, log.head.number]).toEqual([false, 2]);
  });

  it('is behind after an own commit of another log that came while it looked', async () => {
    const { log, connection } = process;
    await insertFacts(database, facts(2));
    await log.refresh();
    const another = { ...(await process.commit(fact(2))), head: 3, headAt: 'another' };
    connection.afterNext(READING, () => log.committed(another));
    await log.refresh();
    expect([log.isBehind, log.head.number]).toEqual([true, 3]);
  });

  it('gives the oldest facts of others up that nobody stores', async () => {
    const { log } = process;
    // Numbers without facts count as well.
    for (let number = MOST; number <= LONGEST; number += MOST) {
      await insertFacts(database, [fact(number)], number);
      await log.refresh();
      expect([log.memory.tail.start, log.memory.tail.end]).toEqual([0, number]);
    }
    await insertFacts(database, [fact(1)]);
    await log.refresh();
    const start = LONGEST + 1 - SHORTENED;
    expect([log.memory.tail.start, log.memory.tail.end]).toEqual([start, LONGEST + 1]);
    await insertFacts(database, facts(SHORTENED));
    await log.refresh();
    expect(log.memory.tail.start).toBe(start);
  });
});
