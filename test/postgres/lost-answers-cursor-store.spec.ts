import { expect, it } from '@jest/globals';
import { DatabaseUnavailableError } from '../../lib/contract/errors.js';
import type { LeaseOwner, CursorStore } from '../../lib/cursors/cursor-store.js';
import { upTo } from '../support/facts/facts.js';
import { mayCount } from '../support/postgres/wire.js';
import { atEachCut, testWires } from '../support/postgres/wired.js';
import type { Wired } from '../support/postgres/wired.js';

const create = testWires();

const TTL = 60_000;
const owner = (id: string): LeaseOwner => ({ id, host: 'h', pid: 1, boot: null, started: null });
const at = (number: number) => ({ sequence_number: BigInt(number), hash: `of ${number}` });
const parked = (number: number, error: string) => ({
  sequence_number: BigInt(number),
  error,
  attempts: 1,
  at: '2026-01-01T00:00:00Z',
});
const report = { state: 'live', reason: null, code: null, attempts: 1, lastError: null };

/** A word to the cursor store, about a stream at 5 whose fact 4 is parked. */
const VERBS: [string, (cursorStore: CursorStore, name: string) => unknown][] = [
  ['open', (cursorStore, name) => cursorStore.open(`${name} anew`, '{}', 3n)],
  [
    'claim',
    (cursorStore, name) => cursorStore.claim(name, { epoch: 1n, renewals: 0n }, owner('b'), TTL),
  ],
  ['renew', (cursorStore, name) => cursorStore.renew(name, 1n, TTL)],
  ['release', (cursorStore, name) => cursorStore.release(name, 1n)],
  ['advance', (cursorStore, name) => cursorStore.advance(name, 1n, at(6))],
  ['report', (cursorStore, name) => cursorStore.report(name, 1n, report)],
  ['park', (cursorStore, name) => cursorStore.park(name, 1n, parked(6, 'also'), at(6))],
  ['unpark', (cursorStore, name) => cursorStore.unpark(name, 1n, 4n)],
  ['repark', (cursorStore, name) => cursorStore.repark(name, 1n, parked(4, 'again'))],
  ['pause', (cursorStore, name) => cursorStore.intervene(name, { verb: 'pause', by: 'x' })],
  [
    'reset',
    (cursorStore, name) => cursorStore.intervene(name, { verb: 'reset', by: 'x', position: 1n }),
  ],
  ['activate', (cursorStore, name) => cursorStore.activate(name, 2, 'x')],
  ['find', (cursorStore, name) => cursorStore.find(name)],
  ['parked', (cursorStore, name) => cursorStore.parked(name)],
];

const CUTS = ['before', 'executed', 'unanswered'] as const;

/** Those that count up each time that they are said. */
const COUNTED = ['renew', 'pause', 'reset', 'activate'];

/** A stream as another process has left it. */
async function prepare(cursorStore: CursorStore, name: string): Promise<void> {
  const seen = await cursorStore.open(name, '{}', 0n);
  await cursorStore.claim(name, seen, owner('a'), TTL);
  await cursorStore.park(name, 1n, parked(4, 'first'), at(4));
  await cursorStore.advance(name, 1n, at(5));
}

const TABLES = [
  ['durable_stream_cursors', 'durable_stream_id'],
  ['nestjs_factstr_streams', 'name'],
  ['nestjs_factstr_parked', 'name'],
] as const;

/** Makes streams that are as `before` is. */
function copies(names: readonly string[]): string {
  return TABLES.flatMap(([table, key]) =>
    names.map(
      (name) =>
        `INSERT INTO ${table} SELECT (jsonb_populate_record(t, '{"${key}": "${name}"}')).* FROM ${table} AS t WHERE ${key} = 'before';`,
    ),
  ).join('');
}

/** All that is stored of a name, but for times and ids. */
async function stored({ rows }: Wired, name: string): Promise<unknown> {
  const of = (table: string, key: string, others: string): string =>
    `(SELECT jsonb_agg(to_jsonb(t) - '{id,at,lease_until,cursor_place_after,${key}}'::text[] ORDER BY t.${key}, ${others})
      FROM ${table} AS t WHERE t.${key} IN ($1, $1 || ' anew'))`;
  const [row] = await rows<{ all: unknown }>(
    `SELECT jsonb_build_array(${of('durable_stream_cursors', 'durable_stream_id', '1')},
      ${of('nestjs_factstr_streams', 'name', 't.lease_until')}, ${of('nestjs_factstr_parked', 'name', 't.sequence_number')},
      ${of('nestjs_factstr_interventions', 'name', 't.id')},
      (SELECT lease_until IS NULL FROM nestjs_factstr_streams WHERE name = $1)) AS all`,
    [name],
  );
  return row!.all;
}

it.each(VERBS)(
  'A lost answer to the cursor store (%s): it has been done as a whole or not at all, and may be said again',
  async (verb, say) => {
    const wired = await create();
    const { database, wire, store, rows } = wired;
    const beside = database.store().log.cursorStore;
    const { cursorStore } = store().log;
    await prepare(beside, 'before');
    const before = await stored(wired, 'before');
    await rows(copies(['done', 'steps']));
    const result = await say(beside, 'done');
    const after = await stored(wired, 'done');
    // So that it is connected, and what it asks is known.
    await say(cursorStore, 'steps');
    const steps = (await wire.during(async () => say(cursorStore, 'steps'))).filter(isOwn);
    await rows(copies(upTo(steps.length + 1).flatMap((n) => CUTS.map((cut) => `${n - 1} ${cut}`))));
    await atEachCut(
      wire,
      isOwn,
      async (step, cut) => {
        const name = `${step} ${cut}`;
        const [outcome] = await Promise.allSettled([say(cursorStore, name)]);
        wire.pass();
        const found = await stored(wired, name);
        if (outcome.status === 'fulfilled') {
          expect(step).toBe(steps.length);
          expect([name, found]).toEqual([name, after]);
          return;
        }
        expect(outcome.reason).toBeInstanceOf(DatabaseUnavailableError);
        const isLast = step === steps.length - 1;
        const isCommitted = isLast && (mayCount(cut) || (cut === 'executed' && step > 0));
        expect([name, found]).toEqual([name, isCommitted ? after : before]);
        // A lease that was taken by a claim without an answer looks like anybody's.
        const again = await say(cursorStore, name);
        expect(again).toEqual(verb === 'claim' && isCommitted ? undefined : result);
        if (!COUNTED.includes(verb)) expect(await stored(wired, name)).toEqual(after);
      },
      CUTS,
    );
  },
);

/** What a verb asks, not what its connection does first. */
function isOwn(text: string): boolean {
  return /durable_stream_cursors|nestjs_factstr_(streams|parked|interventions)|^(BEGIN|COMMIT)/.test(
    text,
  );
}
