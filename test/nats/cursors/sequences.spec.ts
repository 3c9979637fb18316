import { expect, it } from '@jest/globals';
import type { CursorStore } from '../../../lib/cursors/cursor-store.js';
import { MemoryCursorStore } from '../../../lib/stores/memory/cursor-store.js';
import { Random } from '../../support/random.js';
import { TTL, at, keysOf, natsCursors, owner, parkedFact } from './support.js';

const { open, stream } = natsCursors({ sync: '2m' });

const STEPS = 1_500;
const SEED = Number(process.env['FACTSTR_SEED'] ?? 1 + Math.floor(Math.random() * 1e6));

/** Names that are prefixes of others, of odd characters, and as long as a name may be. */
const NAMES = [
  'a',
  'a.b',
  'a.b.>',
  'a@2',
  '*',
  ' ',
  'ä€😀\n"\\',
  'x'.repeat(256),
  `${'x'.repeat(255)}y`,
  '😀'.repeat(64),
];

type Store = Required<CursorStore>;

it(`answers as the memory store does, several stores in turns (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  const below = (bound: number): number => Math.floor(random.next() * bound);
  const pick = <T>(of: readonly T[]): T => of[below(of.length)]!;
  const bucket = stream();
  const opened = await Promise.all([open(bucket), open(bucket), open(bucket)]);
  const memory = new MemoryCursorStore();
  const epochs = new Map<string, bigint>();

  /** The same word for both. */
  function step(name: string): (store: Store) => unknown {
    const [id, number] = [pick(['p', 'q']), below(400)];
    const epoch = (epochs.get(name) ?? 0n) - BigInt(random.next() < 0.1 ? 1 : 0);
    const by = pick(['ops', null, 'é\u0000']);
    switch (below(16)) {
      case 0:
        return (store) => store.open(name, '{"q":1}', 0n);
      case 1:
      case 2: {
        const seen = memory.find(name) ?? { epoch: 0n, renewals: 0n };
        const stale = random.next() < 0.2 ? 1n : 0n;
        const version = { epoch: seen.epoch, renewals: seen.renewals + stale };
        return async (store) => {
          const claimed = await store.claim(name, version, owner(id), TTL);
          if (claimed !== undefined) epochs.set(name, claimed);
          return claimed;
        };
      }
      case 3:
        return (store) => store.renew(name, epoch, TTL);
      case 4:
        return random.next() < 0.2
          ? (store) => store.release(name, epoch)
          : (store) => store.renew(name, epoch, TTL);
      case 5:
        return (store) => store.advance(name, epoch, at(number));
      case 6: {
        const error = pick(['x', 'y'.repeat(3_000)]);
        const report = { state: 'live', reason: error, code: null, attempts: 1, lastError: null };
        return (store) => store.report(name, epoch, report);
      }
      case 7:
      case 8:
      case 9:
        return (store) => store.park(name, epoch, parkedFact(number), at(number));
      case 10: {
        const fact = parkedFact(number, `again ${below(9)}`);
        return (store) => store.repark(name, epoch, fact);
      }
      case 11:
        return (store) => store.unpark(name, epoch, BigInt(number));
      case 12: {
        if (random.next() < 0.6) return (store) => store.parked(name);
        const verb = pick(['pause', 'resume', 'retryParked', 'discardParked', 'plain'] as const);
        const position = random.next() < 0.2 ? { position: BigInt(number) } : {};
        return (store) => store.intervene(name, { verb, by, ...position });
      }
      case 13: {
        const expires = '2026-01-01T00:00:00Z';
        const request = { id: 'r', verb: 'reset', by, position: 3n, expires } as const;
        if (random.next() < 0.3) return (store) => store.ask(name, request);
        const intervention =
          random.next() < 0.3 ? ({ verb: 'reset', by, position: 3n } as const) : undefined;
        return (store) => store.answer(name, epoch, `done ${number}`, intervention);
      }
      case 14: {
        const former = pick(['{"q":1}', '{"q":2}']);
        const queryText = pick(['{"q":1}', '{"q":2}']);
        const position = memory.find(name)?.position ?? 0n;
        return (store) => store.changeQuery(name, epoch, { former, position, queryText });
      }
      default:
        return (store) => store.activate(name, number, by);
    }
  }

  for (const name of NAMES) {
    const seen = memory.open(name, '{"q":1}', 0n);
    await opened[0].cursors.open(name, '{"q":1}', 0n);
    expect(seen.epoch).toBe(0n);
  }
  for (let done = 0; done < STEPS; done++) {
    // Most of it with one name, so that its parts are folded.
    const name = random.next() < 0.5 ? NAMES[0]! : pick(NAMES);
    const call = step(name);
    const expected = await call(memory);
    const told = await call(pick(opened).cursors);
    expect({ done, told }).toEqual({ done, told: expected });
    if (done % 10 === 0) {
      expect(await pick(opened).cursors.find(name)).toEqual(memory.find(name));
    }
  }
  let parts = 0;
  for (const name of NAMES) {
    const { cursors } = pick(opened);
    expect(await cursors.find(name)).toEqual(memory.find(name));
    expect(await cursors.parked(name)).toEqual(memory.parked(name));
    expect(await cursors.activeVersion(name)).toBe(memory.activeVersion(name));
    const timeless = (all: readonly object[]): object[] => all.map((one) => ({ ...one, at: '' }));
    expect(timeless(await cursors.interventions(name))).toEqual(
      timeless(memory.interventions(name)),
    );
    parts += memory.parked(name).length;
  }
  // What is no longer named was removed: the rest are chunks, and there are few of those.
  const keys = await keysOf(opened[0], bucket, 'p.>');
  expect(keys.length).toBeGreaterThanOrEqual(parts);
  expect(keys.length).toBeLessThanOrEqual(parts + NAMES.length * 2);
});
