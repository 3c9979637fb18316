import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import type { PreparedFact } from '../../lib/contract/validation.js';
import { SegmentList } from '../../lib/context-index/segments/segment-list.js';
import { segmentOf } from '../../lib/context-index/segments/segment.js';
import type { Segment } from '../../lib/context-index/segments/segment.js';
import type { OwnCommit } from '../../lib/stores/postgres/index/log-state.js';
import { Gate } from '../support/inbox/inbox.js';
import { until } from '../support/waiting/until.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { emptiedDatabase, insertFacts, regrow } from '../support/index/postgres-log.js';
import { KnowingProcess } from '../support/index/watched-connection.js';

/** Facts of a tail that is stored; of one that is given up, and what is kept of it. */
const FULL = 4_096;
const LONGEST = 16_384;
const SHORTENED = 1_024;
/** Facts that are read at once; own commits that are kept while memory looks. */
const MOST = 4_096;
const AHEAD = 16;

const READING = 'Reading the head';

const fact = (n: number): NewEvent => ({ event_type: 'a', payload: { n } });
const facts = (count: number): NewEvent[] => Array.from({ length: count }, (_, n) => fact(n));

const segment = (first: number, last: number, id: number): Segment =>
  segmentOf({ first, last, overflows: false, sorted: new Float64Array(0) }, id, '');

describe('What a process knows of a log in Postgres', () => {
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

  /** Own facts of which the database need know nothing. */
  function follow(count: number): OwnCommit {
    const { number, at } = process.log.head;
    const own = facts(count).map((event) => ({
      ...event,
      payload_text: JSON.stringify(event.payload),
    }));
    return { head: number, headAt: at, at: `${number + count}`, facts: own as PreparedFact[] };
  }

  it('is nothing before it has looked', async () => {
    const { log } = process;
    expect([log.isOpen, log.isUsable, log.isBehind, log.needsWork]).toEqual([
      false,
      true,
      false,
      false,
    ]);
    expect([log.head, log.newestId]).toEqual([{ number: 0, at: '', log: 0 }, undefined]);
    const { log: table } = await process.connection.ready();
    expect(log.isOf(table)).toBe(false);
    await log.refresh();
    expect([log.isOpen, log.newestId, log.needsWork]).toEqual([true, null, false]);
    expect([log.isOf(table), log.isOf('0')]).toEqual([true, false]);
  });

  it('goes on with own facts that follow, and asks nothing for them', async () => {
    const { log, connection } = process;
    await log.refresh();
    for (const count of [1, 3]) {
      const commit = await process.commit(...facts(count));
      log.committed(commit);
      expect(log.head).toEqual({ number: commit.head + count, at: commit.at, log: 0 });
    }
    expect([log.isBehind, connection.count(READING)]).toEqual([false, 1]);
    expect(log.recent.get(4)).toMatchObject(fact(2));
    expect(log.memory.tail.count).toBe(4);
    // What it knows already changes nothing.
    log.committed({ ...follow(2), head: 2 });
    log.committed({ ...follow(0), head: 99 });
    expect([log.head.number, log.isBehind, connection.count(READING)]).toEqual([4, false, 1]);
    await log.refresh();
    expect(log.head.number).toBe(4);
  });

  it.each([
    ['leaves some out', (commit: OwnCommit) => ({ ...commit, head: commit.head + 1 })],
    ['is of another log', (commit: OwnCommit) => ({ ...commit, headAt: '1' })],
  ])('is behind after an own commit that %s, and looks by itself', async (_, odd) => {
    const { log, connection } = process;
    await insertFacts(database, [fact(0)]);
    await log.refresh();
    const commit = await process.commit(fact(1));
    const gate = new Gate();
    connection.before = () => gate.passed;
    log.committed(odd(commit));
    expect([log.isBehind, log.head.number]).toEqual([true, 1]);
    gate.open();
    await until(
      () => log.head.number === 2,
      () => 'the log to be read',
    );
    expect(connection.count(READING)).toBe(2);
  });

  it('looks at a pace for those who only append, and at once for those who ask', async () => {
    const { log, connection } = process;
    await log.refresh();
    for (let n = 0; n < 5; n++) log.committed({ ...follow(1), head: 7 + n });
    expect(log.isBehind).toBe(true);
    await until(
      () => !log.isBehind || connection.count(READING) > 1,
      () => 'a look',
    );
    expect(connection.count(READING)).toBe(2);
    await log.refresh();
    expect(connection.count(READING)).toBe(3);
  });

  it.each([1, AHEAD, AHEAD + 1])(
    'goes on with %i own commits that came while it looked at what was before them',
    async (count) => {
      const { log, connection } = process;
      await log.refresh();
      await insertFacts(database, [fact(0)]);
      connection.afterNext(READING, async () => {
        for (let n = 1; n <= count; n++) log.committed(await process.commit(fact(n)));
        expect([log.isBehind, log.head.number]).toEqual([true, 0]);
        // Whatever it is that they begin by themselves comes after this.
        connection.after = () => undefined;
      });
      const gate = new Gate();
      const asked = log.refresh();
      connection.before = (what) => (connection.count(what) > 2 ? gate.passed : undefined);
      await asked;
      const isWhole = count <= AHEAD;
      // Without the first of them the others do not follow.
      expect([log.head.number, log.isBehind]).toEqual([isWhole ? 1 + count : 1, !isWhole]);
      gate.open();
      await log.refresh();
      expect([log.head.number, log.isBehind]).toEqual([1 + count, false]);
      expect(log.memory.tail.count).toBe(1 + count);
    },
  );

  it('takes no fact twice that it is told of while it reads it', async () => {
    const { log, connection } = process;
    await log.refresh();
    const commit = await process.commit(...facts(5));
    connection.afterNext(READING, () => log.committed(commit));
    await log.refresh();
    expect([log.head.number, log.head.at]).toEqual([5, commit.at]);
    expect(log.memory.tail.count).toBe(5);
  });

  it('looks again for what came while it found too many facts to read', async () => {
    const { log, connection } = process;
    await log.refresh();
    const commit = await process.commit(fact(0));
    await insertFacts(database, facts(MOST));
    // Its own fact, of which it is told now, leaves as many as are read.
    connection.afterNext(READING, () => log.committed(commit));
    await log.refresh();
    expect([log.head.number, log.memory.hasHoles]).toEqual([MOST + 1, false]);
    expect(log.memory.indexed).toBe(MOST + 1);
  });

  it.each([
    [MOST - 1, false],
    [MOST, false],
    [MOST + 1, true],
  ])('has a hole after %i facts of others: %s', async (count, isHole) => {
    const { log } = process;
    await insertFacts(database, [fact(0)]);
    await log.refresh();
    await insertFacts(database, facts(count));
    await log.refresh();
    const head = 1 + count;
    expect([log.head.number, log.memory.hasHoles]).toEqual([head, isHole]);
    expect(log.memory.tail.start).toBe(isHole ? head : 0);
    expect(log.recent.start).toBe(isHole ? head : Math.max(0, head - MOST));
    expect(log.needsWork).toBe(isHole || head >= FULL);
    const commit = await process.commit(fact(9));
    log.committed(commit);
    expect([log.head.number, log.isBehind]).toEqual([head + 1, false]);
  });

  it.each([FULL - 1, FULL, FULL + 1])(
    'has work for the background after %i facts',
    async (count) => {
      const { log } = process;
      await log.refresh();
      log.committed(follow(count));
      expect([log.isTailFull, log.needsWork]).toEqual([count >= FULL, count >= FULL]);
      expect(process.woken).toBe(count >= FULL ? 1 : 0);
    },
  );

  it.each([LONGEST - 1, LONGEST, LONGEST + 1])(
    'gives the oldest of %i facts up that nobody stores',
    async (count) => {
      const { log } = process;
      await log.refresh();
      log.committed(follow(count - 1));
      expect(log.memory.tail.start).toBe(0);
      log.committed(follow(1));
      const start = count > LONGEST ? count - SHORTENED : 0;
      expect([log.memory.tail.start, log.memory.tail.end]).toEqual([start, count]);
    },
  );

  it('keeps no fact for look-ups that was too large to be read, nor one before it', async () => {
    const { log } = process;
    await log.refresh();
    let state = 1;
    const noise = Array.from({ length: 20_000 }, () =>
      String.fromCharCode(0x4e00 + ((state = (state * 48_271) % 0x7fffffff) % 20_000)),
    ).join('');
    await insertFacts(database, [fact(1), { event_type: 'a', payload: { noise } }, fact(3)]);
    await log.refresh();
    expect(log.recent.start).toBe(2);
    expect([1, 2, 3].map((n) => log.recent.get(n) !== undefined)).toEqual([false, false, true]);
    expect(log.memory.tail.content().mayOverflow).toBe(true);
  });

  it.each([
    ['shorter', 2, 0],
    ['as long', 2, 1],
    ['longer', 2, 5],
  ])('is forgotten when another log is there, and %s', async (_, cut, count) => {
    const { log } = process;
    await insertFacts(database, facts(3));
    await log.refresh();
    const before = log.head;
    await regrow(database, cut, facts(count));
    await log.refresh();
    expect(log.head).toMatchObject({ number: cut + count, log: before.log + 1 });
    expect([log.isOpen, log.memory.tail.count, log.memory.tail.start]).toEqual([
      true,
      cut + count,
      0,
    ]);
    expect(log.recent.get(cut + count)).toBeDefined();
  });

  it('is forgotten when the table is another one of the same facts', async () => {
    const { log } = process;
    await insertFacts(database, facts(3));
    await log.refresh();
    const { log: table } = await process.connection.ready();
    await database.run(
      'CREATE TABLE other (LIKE events INCLUDING ALL); INSERT INTO other SELECT * FROM events; DROP TABLE events; ALTER TABLE other RENAME TO events',
    );
    process.connection.invalidate();
    await log.refresh();
    expect([log.head.number, log.head.log, log.isOf(table)]).toEqual([3, 1, false]);
  });

  it('is nothing for numbers that doubles do not hold, until there are none', async () => {
    const { log } = process;
    await insertFacts(database, facts(2));
    await log.refresh();
    const max = Number.MAX_SAFE_INTEGER;
    await insertFacts(database, [fact(1)], max);
    await log.refresh();
    expect([log.isUsable, log.isOpen, log.head.number]).toEqual([true, true, max]);
    await database.run(
      `INSERT INTO events (sequence_number, event_type, payload) VALUES (${BigInt(max) + 1n}, 'a', '1')`,
    );
    await log.refresh();
    expect([log.isUsable, log.isOpen, log.needsWork]).toEqual([false, false, false]);
    log.committed(follow(1));
    expect([log.head.number, log.isBehind]).toEqual([max, false]);
    await database.run('DELETE FROM events WHERE sequence_number > 2');
    await log.refresh();
    expect([log.isUsable, log.isOpen, log.head.number]).toEqual([true, true, 2]);
  });

  it('takes over what the background stored, unless something else is there by now', async () => {
    const { log } = process;
    await log.refresh();
    log.committed(follow(9));
    log.memory.addUseless(77);
    const before = log.memory.segments;
    const [first, second] = [segment(1, 4, 1), segment(5, 9, 2)];
    const stored = SegmentList.of([first])!;
    log.stored(before, 0, { segments: stored, removed: [77], newestId: 1 });
    expect([log.newestId, log.memory.segments, log.memory.tail.start]).toEqual([1, stored, 4]);
    expect(log.memory.useless.size).toBe(0);
    const later = SegmentList.of([first, second])!;
    log.stored(before, 0, { segments: later, removed: [], newestId: 2 });
    expect([log.newestId, log.memory.segments]).toEqual([undefined, stored]);
    log.stored(stored, 1, { segments: later, removed: [], newestId: 2 });
    expect([log.newestId, log.memory.segments]).toEqual([undefined, stored]);
    log.stored(stored, 0, { segments: later, removed: [], newestId: 2 });
    expect([log.newestId, log.memory.segments]).toEqual([2, later]);
  });

  it('reads the segments anew when one cannot be read, and leaves it out if it is still there', async () => {
    const { log, connection } = process;
    await insertFacts(database, facts(FULL));
    await log.refresh();
    await process.keeper.finished();
    const [own] = log.memory.segments.segments;
    expect(own).toMatchObject({ first: 1, last: FULL });
    const asked = connection.count('Reading the index');
    process.woken = 0;
    await log.repair(segment(1, FULL, own!.id + 1));
    expect(connection.count('Reading the index')).toBeGreaterThan(asked);
    expect(log.memory.segments.segments).toEqual([own]);
    expect(process.woken).toBe(0);
    await log.repair(own!);
    expect([log.memory.segments.segments, [...log.memory.useless]]).toEqual([[], [own!.id]]);
    expect(process.woken).toBe(1);
    await process.keeper.finished();
    expect(log.memory.indexed).toBe(FULL);
  });
});
