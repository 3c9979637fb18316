import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WHOLE_CONTEXT } from '../../lib/contract/query-page.js';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { DatabaseUnavailableError } from '../../lib/contract/errors.js';
import { ContextQuery } from '../../lib/context-index/terms/context-plan.js';
import { numbers, upTo } from '../support/facts/facts.js';
import { CHUNKS, SEGMENTS } from '../support/sqlite/index-tables.js';
import { expectGapless, insertFacts, segmentRanges } from '../support/index/postgres-log.js';
import { KnowingProcess } from '../support/index/watched-connection.js';
import { prepared } from '../support/index/world.js';
import { atEachCut, testWires } from '../support/postgres/wired.js';
import type { Wired } from '../support/postgres/wired.js';

/** Milliseconds until the background tries again after an error. */
const PAUSE = 1_000;
/** Numbers of a segment that becomes one with its neighbour as soon as there is one; facts that are not indexed. */
const STORED = 8_190;
const NEW = 20;
const ALL = STORED + NEW;

const processes: KnowingProcess[] = [];
// Before the databases are dropped.
afterEach(async () => {
  jest.restoreAllMocks();
  for (const process of processes.splice(0)) await process.end();
});
const create = testWires();

function processAt(url: string): KnowingProcess {
  const process = new KnowingProcess(url);
  processes.push(process);
  return process;
}

const fact = (n: number): NewEvent => ({ event_type: 'a', payload: { n } });
/** A context, and its facts: one of them is indexed. */
const N = 7;
const NUMBERS = [N, STORED + N];

async function numbersOf({ index }: KnowingProcess, n: number): Promise<number[]> {
  const filters = [{ event_types: ['a'], payload_predicates: [{ n }] }];
  const found = await index.query(new ContextQuery(prepared({ filters })), WHOLE_CONTEXT);
  return numbers(found!.event_records);
}

/** A log of which one part is indexed. What its index is made of is kept. */
async function createHalfIndexed(): Promise<Wired> {
  const wired = await create();
  const { database, rows } = wired;
  const process = processAt(database.url);
  await process.connection.ready();
  // With numbers between them that have no facts.
  await insertFacts(database, upTo(NEW).map(fact));
  await insertFacts(database, [fact(0)], STORED);
  await process.log.refresh();
  await process.keeper.finished();
  await insertFacts(database, upTo(NEW).map(fact));
  for (const table of [SEGMENTS, CHUNKS]) {
    await rows(`CREATE TABLE kept_${table} AS TABLE ${table}`);
  }
  return wired;
}

/** The index of the first part, and a segment that cannot be read. */
async function putBack({ rows }: Wired): Promise<void> {
  await rows(`TRUNCATE ${SEGMENTS}, ${CHUNKS}`);
  for (const table of [SEGMENTS, CHUNKS]) {
    await rows(`INSERT INTO ${table} TABLE kept_${table}`);
  }
  await rows(`INSERT INTO ${SEGMENTS}
    SELECT id + 1, first_sequence_number, last_sequence_number, entries, overflows, last_fact, fences, bloom, checksum + 1
    FROM ${SEGMENTS}`);
}

describe('The index that is stored in the background', () => {
  beforeEach(() => {
    const wait = globalThis.setTimeout;
    jest
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation((end, milliseconds) =>
        wait(end, milliseconds === PAUSE ? 0 : milliseconds),
      );
  });

  it('is whole or as it was wherever its connection is cut, and is gone on with', async () => {
    const wired = await createHalfIndexed();
    const { database, wire } = wired;
    const beside = processAt(database.url);
    let process: KnowingProcess;
    const begin = async (): Promise<void> => {
      await putBack(wired);
      process = processAt(wire.url);
      await process.log.refresh();
      const { hasHoles, useless } = process.log.memory;
      expect([hasHoles, useless.size]).toEqual([true, 1]);
    };
    await begin();
    const steps = await atEachCut(
      wire,
      () => true,
      async (step, cut) => {
        const { log, keeper } = process;
        const [outcome] = await Promise.allSettled([keeper.finished()]);
        wire.pass();
        const ranges = (await segmentRanges(wired)).map(({ last }) => last);
        if (outcome.status === 'fulfilled') expect(ranges).toEqual([ALL]);
        else {
          expect(outcome.reason).toBeInstanceOf(DatabaseUnavailableError);
          expect([[STORED, STORED], [ALL]]).toContainEqual(ranges);
        }
        await log.refresh();
        await keeper.finished();
        expect([step, cut, log.needsWork, log.memory.indexed]).toEqual([step, cut, false, ALL]);
        await expectGapless(wired);
        await beside.log.refresh();
        expect(beside.log.memory.indexed).toBe(ALL);
        expect(await numbersOf(beside, N)).toEqual(NUMBERS);
        await process.end();
        await begin();
      },
      ['before', 'unanswered'],
    );
    expect(steps).toBeGreaterThan(15);
  });

  it('is read right or not at all wherever the connection of a look-up is cut', async () => {
    const wired = await createHalfIndexed();
    const { wire } = wired;
    await putBack(wired);
    const steps = await atEachCut(
      wire,
      isReading,
      async (step, cut) => {
        const process = processAt(wire.url);
        const [outcome] = await Promise.allSettled([numbersOf(process, N)]);
        wire.pass();
        if (outcome.status === 'fulfilled') expect(outcome.value).toEqual(NUMBERS);
        else expect(outcome.reason).toBeInstanceOf(DatabaseUnavailableError);
        expect([step, cut, await numbersOf(process, N)]).toEqual([step, cut, NUMBERS]);
        expect(process.log.memory.indexed).toBe(STORED);
      },
      ['before', 'half'],
    );
    expect(steps).toBeGreaterThan(5);
  });
});

/** Not what a connection begins with. */
function isReading(text: string): boolean {
  return !/pg_catalog\.pg_class|SHOW/.test(text);
}
