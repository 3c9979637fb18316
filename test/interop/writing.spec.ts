import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { EventRecord } from '../../lib/contract/contract.types.js';
import type { FactstrStore } from '../../lib/service/factstr-store.js';
import { upTo } from '../support/facts/facts.js';
import { describeSharedLogs } from './support/describe.js';
import type { LogKind, SharedLog } from './support/logs.js';
import { nanoseconds } from './support/times.js';
import { batchOf, claimOf, counting, write } from './support/writing.js';
import type { WritingReport } from './support/writing.js';

const BATCHES = Array.from({ length: 60 }, (_, index) => 1 + (index % 4));
const CLAIMS = 60;
const COUNT_TO = 60;

const WRITERS = ['ours here', 'ours one', 'ours two', 'FACTSTR one', 'FACTSTR two'] as const;

/** Two processes of each engine, and a store of this process, all at the same time. */
async function writeTogether(log: SharedLog): Promise<WritingReport[]> {
  const [hereTask, ...tasks] = WRITERS.map((name, index) => ({
    name,
    batches: BATCHES,
    claims: CLAIMS,
    firstClaim: (index * CLAIMS) / WRITERS.length,
    countTo: COUNT_TO,
  }));
  const ours = tasks
    .slice(0, 2)
    .map((task) => log.process('writer.ts', { location: log.location, task }));
  const here = log.store();
  for (const child of ours) expect(await child.next()).toBe('ready');
  // One after the other: FACTSTR does not bear being opened twice at the same time on an empty database.
  const theirs = [await log.engine(), await log.engine()];
  for (const child of ours) child.send('go');
  return Promise.all([
    write(here, hereTask!),
    ...theirs.map((engine, index) => write(engine, tasks[2 + index]!)),
    ...ours.map((child) => child.next<WritingReport>()),
  ]);
}

describeSharedLogs('Both engines, appending at the same time', (kind: LogKind) => {
  let log: SharedLog;
  let store: FactstrStore;
  let reports: WritingReport[];
  let records: EventRecord[];

  beforeAll(async () => {
    log = await kind.create();
    reports = await writeTogether(log);
    store = log.store();
    records = (await store.query({})).event_records;
  }, 120_000);
  afterAll(() => log.dispose());

  it('write one log without a gap, each append in one piece', () => {
    expect(records.map(({ sequence_number }) => Number(sequence_number))).toEqual(
      upTo(records.length),
    );
    const appended = BATCHES.reduce((sum, size) => sum + size, 0);
    expect(records).toHaveLength(reports.length * appended + CLAIMS + COUNT_TO);
    for (const { name, batches } of reports) {
      batches.forEach(([first, last], batch) => {
        const found = records.slice(first - 1, last);
        expect(found.map(({ event_type, payload }) => ({ event_type, payload }))).toEqual(
          batchOf(name, batch, BATCHES[batch]!),
        );
      });
    }
  });

  it('agree on where each batch begins and ends', async () => {
    const several = reports
      .flatMap(({ batches }) => batches)
      .filter(([first, last]) => first !== last)
      .sort(([a], [b]) => a - b);
    expect(await log.batchRows()).toEqual(several);
  });

  it('interleave, and never go back in time', () => {
    const isTheirs = records.map(({ event_type }) => event_type.startsWith('FACTSTR'));
    const turns = isTheirs.filter((theirs, index) => theirs !== isTheirs[index - 1]).length;
    expect(turns).toBeGreaterThan(20);
    const backwards = records.filter(({ occurred_at }, index) => {
      const before = records[index - 1]?.occurred_at;
      return before !== undefined && nanoseconds(occurred_at) < nanoseconds(before);
    });
    expect(backwards).toEqual([]);
  });

  it('give each contested context to one, and tell all others to whom', async () => {
    const winners = new Set<string>();
    for (let context = 0; context < CLAIMS; context++) {
      const won = reports.filter(({ claims }) => claims[context]!.won);
      expect(won).toHaveLength(1);
      winners.add(won[0]!.name);
      const numbers = new Set(reports.map(({ claims }) => claims[context]!.number));
      expect([...numbers]).toHaveLength(1);
      const [claim, ...others] = (await store.query(claimOf(context))).event_records;
      expect(others).toEqual([]);
      expect(numbers).toContain(Number(claim!.sequence_number));
      expect(claim!.payload).toMatchObject({ by: won[0]!.name });
    }
    // Otherwise nothing was contested between the engines.
    expect([...winners].some((name) => name.startsWith('FACTSTR'))).toBe(true);
    expect([...winners].some((name) => name.startsWith('ours'))).toBe(true);
  });

  it('count together without losing or repeating a step', async () => {
    const counted = (await store.query(counting)).event_records;
    expect(counted.map(({ payload }) => payload)).toEqual(
      upTo(COUNT_TO).map((value) => ({
        value,
        by: reports.find((report) => report.counted.includes(value))!.name,
      })),
    );
    expect(reports.flatMap((report) => report.counted).sort((a, b) => a - b)).toEqual(
      upTo(COUNT_TO),
    );
  });

  it('read the same from it', async () => {
    const engine = await log.engine();
    const answer = await engine.query({});
    expect(answer.event_records.map(normal)).toEqual(records.map(normal));
  });
});

/** FACTSTR shows .87 s where .870 s was stored. */
function normal(record: EventRecord): unknown {
  return { ...record, occurred_at: nanoseconds(record.occurred_at) };
}
