import { expect, it } from '@jest/globals';
import { DatabaseUnavailableError } from '../../lib/contract/errors.js';
import type { LeaseOwner, StreamLedger } from '../../lib/streams/ledger.js';
import { mayCount } from './support/wire.js';
import { atEachCut, testWires } from './support/wired.js';

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

/** A word to the ledger, about a stream at 5 whose fact 4 is parked. */
const VERBS: [string, (ledger: StreamLedger, name: string) => unknown][] = [
  ['open', (ledger, name) => ledger.open(`${name} anew`, '{}', 3n)],
  ['claim', (ledger, name) => ledger.claim(name, { epoch: 1n, renewals: 0n }, owner('b'), TTL)],
  ['renew', (ledger, name) => ledger.renew(name, 1n, TTL)],
  ['release', (ledger, name) => ledger.release(name, 1n)],
  ['advance', (ledger, name) => ledger.advance(name, 1n, at(6))],
  ['report', (ledger, name) => ledger.report(name, 1n, report)],
  ['park', (ledger, name) => ledger.park(name, 1n, parked(6, 'also'), at(6))],
  ['unpark', (ledger, name) => ledger.unpark(name, 1n, 4n)],
  ['repark', (ledger, name) => ledger.repark(name, 1n, parked(4, 'again'))],
  ['pause', (ledger, name) => ledger.intervene(name, { verb: 'pause', by: 'x' })],
  ['reset', (ledger, name) => ledger.intervene(name, { verb: 'reset', by: 'x', position: 1n })],
  ['activate', (ledger, name) => ledger.activate(name, 2, 'x')],
  ['find', (ledger, name) => ledger.find(name)],
  ['parked', (ledger, name) => ledger.parked(name)],
];

/** Those that count up each time that they are said. */
const COUNTED = ['renew', 'pause', 'reset', 'activate'];

async function prepare(ledger: StreamLedger, name: string): Promise<void> {
  const seen = await ledger.open(name, '{}', 0n);
  await ledger.claim(name, seen, owner('a'), TTL);
  await ledger.park(name, 1n, parked(4, 'first'), at(4));
  await ledger.advance(name, 1n, at(5));
}

/** All that is stored of a name. */
async function stored(ledger: StreamLedger, name: string): Promise<unknown> {
  return {
    stream: await ledger.find(name),
    anew: await ledger.find(`${name} anew`),
    parked: await ledger.parked(name),
    version: await ledger.activeVersion(name),
    said: (await ledger.interventions(name)).map(({ verb, by, position }) => [verb, by, position]),
  };
}

it('A lost answer to the ledger: its word has been done as a whole or not at all, and may be said again', async () => {
  const { database, wire, store } = await create();
  const beside = database.store().log.ledger;
  const { ledger } = store().log;
  await prepare(beside, 'before');
  const before = await stored(beside, 'before');
  for (const [verb, say] of VERBS) {
    await prepare(beside, verb);
    const result = await say(beside, verb);
    const after = await stored(beside, verb);
    // So that it is connected, and what it asks is known.
    const steps = (await wire.during(async () => say(ledger, verb))).filter(isOwn);
    const cuts = ['before', 'executed', 'unanswered'] as const;
    await atEachCut(
      wire,
      isOwn,
      async (step, cut) => {
        const name = `${verb} ${step} ${cut}`;
        await prepare(beside, name);
        const [outcome] = await Promise.allSettled([say(ledger, name)]);
        wire.pass();
        const found = await stored(beside, name);
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
        const again = await say(ledger, name);
        expect(again).toEqual(verb === 'claim' && isCommitted ? undefined : result);
        if (!COUNTED.includes(verb)) expect(await stored(beside, name)).toEqual(after);
      },
      cuts,
    );
  }
});

/** What a verb asks, not what its connection does first. */
function isOwn(text: string): boolean {
  return /durable_stream_cursors|nestjs_factstr_(streams|parked|interventions)|^(BEGIN|COMMIT)/.test(
    text,
  );
}
