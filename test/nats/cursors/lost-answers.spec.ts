import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { CursorStore } from '../../../lib/cursors/cursor-store.js';
import { NatsRelay } from '../../support/nats/relay.js';
import type { Verdict } from '../../support/nats/relay.js';
import { TTL, at, keysOf, natsCursors, owner, parkedFact } from './support.js';

const { cluster, open, stream } = natsCursors({ sync: '2m' });

let relay: NatsRelay;
beforeAll(async () => {
  relay = await NatsRelay.start((await cluster()).urls[0]!);
});
afterEach(() => {
  relay.onAnswer = undefined;
});
afterAll(() => relay.stop());

type Call = (cursors: Required<CursorStore>, name: string) => unknown;

const REPORT = { state: 'live', reason: null, code: null, attempts: 3, lastError: null };
const REQUEST = {
  id: 'r',
  verb: 'reset',
  by: 'x',
  position: 2n,
  expires: '2026-01-01T00:00:00Z',
} as const;

/** A word about a stream at 5 whose fact 4 is parked, with the epoch 1. */
const CALLS: Record<string, Call> = {
  claim: (cursors, name) => cursors.claim(name, { epoch: 1n, renewals: 0n }, owner('b'), TTL),
  renew: (cursors, name) => cursors.renew(name, 1n, TTL),
  release: (cursors, name) => cursors.release(name, 1n),
  advance: (cursors, name) => cursors.advance(name, 1n, at(6)),
  report: (cursors, name) => cursors.report(name, 1n, REPORT),
  park: (cursors, name) => cursors.park(name, 1n, parkedFact(6), at(6)),
  repark: (cursors, name) => cursors.repark(name, 1n, parkedFact(4, 'again')),
  unpark: (cursors, name) => cursors.unpark(name, 1n, 4n),
  pause: (cursors, name) => cursors.intervene(name, { verb: 'pause', by: 'x' }),
  reset: (cursors, name) => cursors.intervene(name, { verb: 'reset', by: 'x', position: 1n }),
  discard: (cursors, name) => cursors.intervene(name, { verb: 'discardParked', by: 'x' }),
  ask: (cursors, name) => cursors.ask(name, REQUEST),
  answer: (cursors, name) =>
    cursors.answer(name, 1n, 'done r', { verb: 'reset', by: 'x', position: 2n }),
  activate: (cursors, name) => cursors.activate(name, 2, 'x'),
  changeQuery: (cursors, name) =>
    cursors.changeQuery(name, 1n, { former: '{}', position: 5n, queryText: '{"a":1}' }),
  open: (cursors, name) => cursors.open(`${name} anew`, '{}', 3n),
};

/** What another store writes after the server stored the write whose answer is lost. */
const OTHERS: Record<string, { readonly call?: Call; readonly moves: boolean }> = {
  nothing: { moves: false },
  'an activation': { call: (cursors, name) => cursors.activate(name, 7, 'other'), moves: false },
  'an intervention': {
    call: (cursors, name) => cursors.intervene(name, { verb: 'resume', by: 'other' }),
    moves: true,
  },
  'a claim': {
    call: async (cursors, name) => {
      const { epoch, renewals } = (await cursors.find(name))!;
      await cursors.claim(name, { epoch, renewals }, owner('other'), TTL);
    },
    moves: true,
  },
};

async function prepare(cursors: CursorStore, name: string): Promise<void> {
  const seen = await cursors.open(name, '{}', 0n);
  await cursors.claim(name, seen, owner('a'), TTL);
  await cursors.park(name, 1n, parkedFact(4), at(4));
  await cursors.advance(name, 1n, at(5));
}

async function stored(cursors: CursorStore, name: string): Promise<object> {
  const interventions = await cursors.interventions(name);
  return {
    found: await cursors.find(name),
    anew: await cursors.find(`${name} anew`),
    parked: await cursors.parked(name),
    active: await cursors.activeVersion(name),
    interventions: interventions.map(({ verb, by, position }) => ({ verb, by, position })),
  };
}

/** Loses the answers to the writes of values and parts, each once, after another store has written. */
function losing(
  verdict: Verdict,
  kind: 'n' | 'j' | 'p',
  then: () => Promise<unknown>,
): () => number {
  let lost = 0;
  relay.onAnswer = async ({ subject }) => {
    if (!subject.startsWith('$KV.') || subject.split('.')[2] !== kind || lost > 0) return 'pass';
    lost++;
    await then();
    return verdict;
  };
  return () => lost;
}

const VERDICTS = ['drop', 'cut'] as const;

/** Each combination, but a connection is cut only before what moves no epoch: a lost answer is found alike. */
const ASKED = Object.keys(CALLS).flatMap((verb) =>
  Object.entries(OTHERS).flatMap(([between, { moves }]) =>
    VERDICTS.flatMap((verdict) => (moves && verdict === 'cut' ? [] : [{ verb, between, verdict }])),
  ),
);

it.each(ASKED)(
  '$verb is done once, where its answer is lost ($verdict) and then comes $between',
  async (asked) => {
    const { call } = OTHERS[asked.between]!;
    const name = 'courses';
    const bucket = stream();
    // What becomes of the same words where no answer is lost.
    const plain = (await open(stream(), { requestTimeout: 30_000 })).cursors;
    await prepare(plain, name);
    const expected = await CALLS[asked.verb]!(plain, name);
    await call?.(plain, name);

    const other = await open(bucket, { requestTimeout: 30_000 });
    const far = await open(bucket, { servers: [relay.url], requestTimeout: 1_000 });
    await prepare(far.cursors, name);
    const lost = losing(asked.verdict, 'n', async () => call?.(other.cursors, name));
    const answer = await CALLS[asked.verb]!(far.cursors, name);
    expect(lost()).toBe(1);

    // Where the epoch has passed meanwhile, the lease is lost, whether the write was seen or not.
    if (OTHERS[asked.between]!.moves) expect([expected, false, undefined]).toContainEqual(answer);
    else expect(answer).toEqual(expected);
    const now = await stored(other.cursors, name);
    const then = await stored(plain, name);
    expect(shown(now)).toEqual(shown(then));
    const keys = await keysOf(other, bucket);
    expect(keys.filter((key) => key.startsWith('p.'))).toHaveLength(
      (now as { parked: unknown[] }).parked.length,
    );
  },
);

it.each(VERDICTS)('a part whose answer is lost (%s) is there once', async (verdict) => {
  const bucket = stream();
  const far = await open(bucket, { servers: [relay.url], requestTimeout: 1_000 });
  await prepare(far.cursors, 'courses');
  let lost = losing(verdict, 'p', async () => undefined);
  expect(await far.cursors.park('courses', 1n, parkedFact(7), at(7))).toBe(true);
  expect(lost()).toBe(1);
  lost = losing(verdict, 'j', async () => undefined);
  await far.cursors.intervene('courses', { verb: 'pause', by: 'x' });
  expect(lost()).toBe(1);
  expect(await far.cursors.parked('courses')).toEqual([parkedFact(4), parkedFact(7)]);
  expect(await far.cursors.interventions('courses')).toHaveLength(1);
  expect(await keysOf(far, bucket, 'p.>')).toHaveLength(2);
});

it('does not believe a server that answers from the past', async () => {
  const bucket = stream();
  const far = await open(bucket, { servers: [relay.url], requestTimeout: 2_000 });
  const other = await open(bucket);
  await prepare(far.cursors, 'courses');
  let old: Buffer | undefined;
  let told = 0;
  const isRead = (subject: string): boolean => subject.startsWith('$JS.API.STREAM.MSG.GET.');
  relay.onAnswer = ({ subject }, { body }) => {
    if (isRead(subject)) old ??= Buffer.from(body);
    return 'pass';
  };
  await far.cursors.find('courses');
  await far.cursors.advance('courses', 1n, at(6));
  await other.cursors.intervene('courses', { verb: 'resume', by: 'other' });
  relay.onAnswer = ({ subject }) => (isRead(subject) && told++ < 3 ? old! : 'pass');
  expect(await far.cursors.find('courses')).toMatchObject({ position: 6n });
  expect(told).toBe(4);
  told = 0;
  // Its own write is refused, by which it knows a newer revision than it read.
  expect(await far.cursors.advance('courses', 1n, at(7))).toBe(false);
  expect(told).toBeGreaterThan(3);
});

/** With texts for numbers, which the runner shows. */
function shown(state: object): object {
  return JSON.parse(
    JSON.stringify(state, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
  ) as object;
}
