import type {
  Intervention,
  LeaseOwner,
  ParkedFact,
  StoredStream,
  CursorStore,
} from '../../../cursors/cursor-store.js';
import type { Suite } from '../suite.js';
import type { CursorStoreKind } from './cursor-store-kind.js';

const TTL = 60_000;

const owner = (id: string): LeaseOwner => ({
  id,
  host: 'a-host',
  pid: 1,
  boot: null,
  started: null,
});
const at = (sequence_number: bigint) => ({ sequence_number, hash: `hash of ${sequence_number}` });
const parkedAt = (sequence_number: bigint, attempts = 3): ParkedFact => ({
  sequence_number,
  error: `error on ${sequence_number}`,
  attempts,
  at: '2026-01-01T00:00:00.000Z',
});
const report = { state: 'live', reason: null, code: null, attempts: 0, lastError: null };

/** Everything that is stored of a name; `said` counts operators' words. */
interface Snapshot {
  readonly stored: StoredStream | undefined;
  readonly parked: ParkedFact[];
  readonly said: number;
}

async function look(cursorStore: CursorStore, name: string): Promise<Snapshot> {
  const [stored, parked, said] = await Promise.all([
    cursorStore.find(name),
    cursorStore.parked(name),
    cursorStore.interventions(name),
  ]);
  if (stored === undefined) return { stored, parked, said: said.length };
  // It follows from the parked facts, and need not be told.
  const { parkedSince: _, ...rest } = stored;
  return { stored: rest, parked, said: said.length };
}

async function claimed(cursorStore: CursorStore, name: string, id: string): Promise<bigint> {
  return (await cursorStore.claim(name, (await cursorStore.find(name))!, owner(id), TTL))!;
}

type State = (cursorStore: CursorStore, name: string) => Promise<unknown>;

/** Fact 2 is parked, and is to be handled again. */
const retrying: State = async (cursorStore, name) => {
  await cursorStore.open(name, 'a query', 0n);
  const epoch = await claimed(cursorStore, name, 'first');
  await cursorStore.park(name, epoch, parkedAt(2n), at(2n));
  await cursorStore.intervene(name, { verb: 'retryParked', by: null });
};

/** In each of them a lease may be when somebody writes. */
const states: Record<string, State> = {
  'not known': async () => undefined,
  'new, and never run': async (cursorStore, name) => cursorStore.open(name, 'a query', 0n),
  'free by an operator’s word': retrying,
  held: async (cursorStore, name) => {
    await retrying(cursorStore, name);
    await claimed(cursorStore, name, 'second');
  },
  'held and renewed': async (cursorStore, name) => {
    await states['held']!(cursorStore, name);
    const { epoch } = (await cursorStore.find(name))!;
    for (let n = 0; n < 2; n++) await cursorStore.renew(name, epoch, TTL);
    await cursorStore.report(name, epoch, { ...report, state: 'replaying' });
  },
  released: async (cursorStore, name) => {
    await states['held and renewed']!(cursorStore, name);
    await cursorStore.release(name, (await cursorStore.find(name))!.epoch);
  },
  paused: async (cursorStore, name) => {
    await states['held']!(cursorStore, name);
    await cursorStore.intervene(name, { verb: 'pause', by: 'ann' });
  },
  'taken over': async (cursorStore, name) => {
    await states['held and renewed']!(cursorStore, name);
    await claimed(cursorStore, name, 'third');
  },
};

type Change = (before: StoredStream) => Partial<StoredStream>;

interface FencedWrite {
  readonly run: (cursorStore: CursorStore, name: string, epoch: bigint) => unknown;
  readonly change: Change;
  /** The numbers of the parked facts, after; absent: as before. */
  readonly parks?: (before: bigint[]) => bigint[];
}

/** What an owner writes, and what that changes under the right epoch. */
const writes: Record<string, FencedWrite> = {
  renew: {
    run: (cursorStore, name, epoch) => cursorStore.renew(name, epoch, TTL),
    change: ({ renewals }) => ({ renewals: renewals + 1n }),
  },
  release: {
    run: (cursorStore, name, epoch) => cursorStore.release(name, epoch),
    change: () => ({ owner: null }),
  },
  advance: {
    run: (cursorStore, name, epoch) => cursorStore.advance(name, epoch, at(7n)),
    change: () => ({ position: 7n, fingerprint: at(7n) }),
  },
  report: {
    run: (cursorStore, name, epoch) => cursorStore.report(name, epoch, report),
    change: () => ({ report }),
  },
  park: {
    run: (cursorStore, name, epoch) => cursorStore.park(name, epoch, parkedAt(8n), at(8n)),
    change: ({ parkedCount }) => ({
      position: 8n,
      fingerprint: at(8n),
      parkedCount: parkedCount + 1,
    }),
    parks: (before) => [...before, 8n],
  },
  unpark: {
    run: (cursorStore, name, epoch) => cursorStore.unpark(name, epoch, 2n),
    change: () => ({ parkedCount: 0, retryParked: false }),
    parks: () => [],
  },
  repark: {
    run: (cursorStore, name, epoch) => cursorStore.repark(name, epoch, parkedAt(2n, 4)),
    change: () => ({ parkedCount: 1, retryParked: false }),
    parks: () => [2n],
  },
};

/** Operators' words, and what they change whoever owns the name. */
const words: { word: Intervention; change: Change; unparks: boolean }[] = [
  { word: { verb: 'pause', by: 'ann' }, change: () => ({ paused: true }), unparks: false },
  { word: { verb: 'resume', by: null }, change: () => ({ paused: false }), unparks: false },
  {
    word: { verb: 'retryParked', by: null },
    change: () => ({ retryParked: true }),
    unparks: false,
  },
  { word: { verb: 'discardParked', by: null }, change: () => ({}), unparks: true },
  {
    word: { verb: 'reset', by: null, position: 1n },
    change: () => ({ position: 1n, fingerprint: null }),
    unparks: true,
  },
  {
    word: { verb: 'rebuild', by: null, position: 0n, queryText: 'another query' },
    change: () => ({ position: 0n, fingerprint: null, query_text: 'another query' }),
    unparks: true,
  },
  { word: { verb: 'transactional', by: null }, change: () => ({}), unparks: false },
  { word: { verb: 'plain', by: null }, change: () => ({}), unparks: false },
];

const around = [-1n, 0n, 1n];

/** The cursor store's protocol: each step in each state, at, one below and one above what it compares with. */
export function describeCursorStoreProtocol(
  { describe, it, expect }: Suite,
  { name, open }: Pick<CursorStoreKind, 'name' | 'open'>,
  inStates: readonly string[] = Object.keys(states),
): void {
  /** Brings a name of its own into each state, and looks at it before `act` and after it. */
  async function inEachState<T>(
    cases: readonly T[],
    act: (cursorStore: CursorStore, stream: string, before: Snapshot, given: T) => Promise<unknown>,
    check: (given: T, before: Snapshot, after: Snapshot, answer: unknown) => void,
  ): Promise<void> {
    const { cursorStore } = await open();
    const casesInStates = inStates.flatMap((state) =>
      cases.map((given, index) => ({ state, given, stream: `${state} ${index}` })),
    );
    await Promise.all(
      casesInStates.map(async ({ state, given, stream }) => {
        await states[state]!(cursorStore, stream);
        const before = await look(cursorStore, stream);
        const answer = await act(cursorStore, stream, before, given);
        const after = await look(cursorStore, stream);
        try {
          check(given, before, after, answer);
        } catch (error) {
          (error as Error).message = `While the lease is ${state}: ${(error as Error).message}`;
          throw error;
        }
      }),
    );
  }

  describe(`The cursor store of ${name}, whatever the state of the lease`, () => {
    it('lets an owner write under its epoch only', async () => {
      const cases = Object.entries(writes).flatMap(([step, write]) =>
        around.map((offset) => ({ step, offset, ...write })),
      );
      await inEachState(
        cases,
        async (cursorStore, stream, { stored }, { run, offset }) =>
          run(cursorStore, stream, (stored?.epoch ?? 0n) + offset),
        ({ step, offset, change, parks }, before, after, answer) => {
          const takes = offset === 0n && before.stored !== undefined;
          expect([step, answer]).toEqual([step, step === 'release' ? undefined : takes]);
          if (!takes) {
            expect([step, after]).toEqual([step, before]);
            return;
          }
          const stored = { ...before.stored, ...change(before.stored) };
          expect([step, after.stored]).toEqual([step, stored]);
          expect(after.said).toBe(before.said);
          const numbers = numbersOf(before);
          expect([step, numbersOf(after)]).toEqual([step, parks?.(numbers) ?? numbers]);
        },
      );
    });

    it('is claimed as it was seen, not as it was or will be', async () => {
      const cases = around.flatMap((epoch) => around.map((renewals) => ({ epoch, renewals })));
      await inEachState(
        cases,
        async (cursorStore, stream, { stored }, { epoch, renewals }) => {
          const now = stored ?? { epoch: 0n, renewals: 0n };
          const seen = { epoch: now.epoch + epoch, renewals: now.renewals + renewals };
          return cursorStore.claim(stream, seen, owner('next'), TTL);
        },
        ({ epoch, renewals }, before, after, answer) => {
          if (epoch !== 0n || renewals !== 0n || before.stored === undefined) {
            expect(answer).toBeUndefined();
            expect(after).toEqual(before);
            return;
          }
          expect(answer).toBe(before.stored.epoch + 1n);
          const now = { epoch: answer, renewals: 0n, owner: owner('next') };
          expect(after).toEqual({ ...before, stored: { ...before.stored, ...now } });
        },
      );
    });

    it('is free after an operator’s word, whatever its owner still says', async () => {
      await inEachState(
        words,
        async (cursorStore, stream, { stored }, { word }) => {
          await cursorStore.intervene(stream, word);
          if (stored === undefined) return true;
          const said = await look(cursorStore, stream);
          for (const { run } of Object.values(writes)) {
            expect((await run(cursorStore, stream, stored.epoch)) ?? false).toBe(false);
          }
          expect(await look(cursorStore, stream)).toEqual(said);
          return (await cursorStore.claim(stream, said.stored!, owner('next'), TTL)) !== undefined;
        },
        ({ change, unparks }, before, after, isClaimed) => {
          expect(isClaimed).toBe(true);
          expect(after.said).toBe(before.said + 1);
          expect(after.parked).toEqual(unparks ? [] : before.parked);
          expect(after.stored).toEqual(
            before.stored && {
              ...before.stored,
              epoch: before.stored.epoch + 2n,
              renewals: 0n,
              owner: owner('next'),
              parkedCount: unparks ? 0 : before.stored.parkedCount,
              ...change(before.stored),
            },
          );
        },
      );
    });
  });
}

function numbersOf({ parked }: Snapshot): bigint[] {
  return parked.map(({ sequence_number }) => sequence_number);
}
