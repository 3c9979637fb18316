import type { LeaseOwner, StoredStream, CursorStore } from '../../../cursors/cursor-store.js';
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
const parkedAt = (sequence_number: bigint, attempts = 3) => ({
  sequence_number,
  error: `error on ${sequence_number}`,
  attempts,
  at: '2026-01-01T00:00:00.000Z',
});

/** What every cursor store promises: leases, fenced cursors, operators' words, parked facts. */
export function describeCursorStorePromises(
  { describe, it, expect }: Suite,
  { name, open }: CursorStoreKind,
): void {
  const cursorStoreOf = async (): Promise<CursorStore> => (await open()).cursorStore;

  async function claimed(stream = 's'): Promise<{ cursorStore: CursorStore; epoch: bigint }> {
    const cursorStore = await cursorStoreOf();
    const seen = await cursorStore.open(stream, '"*"', 0n);
    const epoch = await cursorStore.claim(stream, seen, owner('first'), TTL);
    return { cursorStore, epoch: epoch! };
  }

  async function found(cursorStore: CursorStore, stream = 's'): Promise<StoredStream> {
    return (await cursorStore.find(stream))!;
  }

  describe(`The cursor store of ${name}`, () => {
    it('opens a name once, where it is told to; find knows it from then on', async () => {
      const cursorStore = await cursorStoreOf();
      expect(await cursorStore.find('s')).toBeUndefined();
      const fresh: StoredStream = {
        position: 7n,
        query_text: 'a query',
        fingerprint: null,
        epoch: 0n,
        renewals: 0n,
        owner: null,
        expired: false,
        paused: false,
        retryParked: false,
        parkedCount: 0,
        report: null,
      };
      expect(await cursorStore.open('s', 'a query', 7n)).toMatchObject(fresh);
      expect(await cursorStore.open('s', 'another query', 9n)).toMatchObject(fresh);
      const { parkedSince = null, ...found } = (await cursorStore.find('s'))!;
      expect(found).toEqual(fresh);
      expect(parkedSince).toBe(null);
      expect(await cursorStore.find('t')).toBeUndefined();
    });

    it('keeps texts from outside, however odd they are: escaped, and of a bounded length', async () => {
      const { cursorStore, epoch } = await claimed();
      const odd = 'a\u0000b \ud83d c';
      const kept = 'a\\u0000b \\ud83d c';
      await cursorStore.park('s', epoch, { ...parkedAt(1n), error: odd }, at(1n));
      await cursorStore.park('s', epoch, { ...parkedAt(2n), error: 'x'.repeat(1_000_000) }, at(2n));
      await cursorStore.repark('s', epoch, { ...parkedAt(1n, 4), error: `${odd} again` });
      const report = { state: 'live', reason: odd, code: odd, attempts: 0, lastError: odd };
      await cursorStore.report('s', epoch, report);
      expect((await found(cursorStore)).report).toMatchObject({
        reason: kept,
        code: kept,
        lastError: kept,
      });
      const [first, second] = await cursorStore.parked('s');
      expect(first!.error).toBe(`${kept} again`);
      expect(second!.error.length).toBeLessThan(2_200);
      expect(second!.error).toMatch(/… \(cut: 1000000 characters\)$/);
      await cursorStore.intervene('s', { verb: 'pause', by: odd });
      await cursorStore.activate('s', 2, odd);
      await cursorStore.intervene('s', { verb: 'resume', by: 'x'.repeat(1_000_000) });
      const [pause, activate, resume] = await cursorStore.interventions('s');
      expect([pause!.by, activate!.by]).toEqual([kept, kept]);
      expect(resume!.by!.length).toBeLessThan(1_100);
      const seen = await found(cursorStore);
      await cursorStore.claim('s', seen, { ...owner('odd'), host: odd }, TTL);
      expect((await found(cursorStore)).owner!.host).toBe(kept);
    });

    it('names its database', async () => {
      const cursorStore = await cursorStoreOf();
      expect(await cursorStore.identity()).toBe(await cursorStore.identity());
      expect(await cursorStore.identity()).not.toBe(await (await cursorStoreOf()).identity());
    });

    it('lets one of many concurrent claims win', async () => {
      const cursorStore = await cursorStoreOf();
      const seen = await cursorStore.open('s', '"*"', 0n);
      const claims = await Promise.all(
        Array.from({ length: 12 }, async (_, n) =>
          cursorStore.claim('s', seen, owner(`o${n}`), TTL),
        ),
      );
      expect(claims.filter((epoch) => epoch !== undefined)).toEqual([1n]);
      const winner = claims.findIndex((epoch) => epoch !== undefined);
      expect(await found(cursorStore)).toMatchObject({ epoch: 1n, owner: owner(`o${winner}`) });
    });

    it('refuses a claim on what was renewed or claimed since it was seen, or does not exist', async () => {
      const { cursorStore, epoch } = await claimed();
      const seen = await found(cursorStore);
      expect(await cursorStore.renew('s', epoch, TTL)).toBe(true);
      expect((await found(cursorStore)).renewals).toBe(1n);
      expect(await cursorStore.claim('s', seen, owner('second'), TTL)).toBeUndefined();
      expect(await cursorStore.claim('s', await found(cursorStore), owner('second'), TTL)).toBe(2n);
      expect(await found(cursorStore)).toMatchObject({ owner: owner('second'), renewals: 0n });
      expect(await cursorStore.claim('nobody', seen, owner('second'), TTL)).toBeUndefined();
    });

    it('fences whatever a former owner writes', async () => {
      const { cursorStore, epoch } = await claimed();
      await cursorStore.advance('s', epoch, at(3n));
      await cursorStore.park('s', epoch, parkedAt(4n), at(4n));
      const next = await cursorStore.claim('s', await found(cursorStore), owner('second'), TTL);
      const before = await found(cursorStore);
      const report = { state: 'live', reason: null, code: null, attempts: 0, lastError: null };
      expect(await cursorStore.renew('s', epoch, TTL)).toBe(false);
      expect(await cursorStore.advance('s', epoch, at(9n))).toBe(false);
      expect(await cursorStore.report('s', epoch, report)).toBe(false);
      expect(await cursorStore.park('s', epoch, parkedAt(9n), at(9n))).toBe(false);
      expect(await cursorStore.unpark('s', epoch, 4n)).toBe(false);
      expect(await cursorStore.repark('s', epoch, parkedAt(4n, 9))).toBe(false);
      await cursorStore.release('s', epoch);
      expect(await found(cursorStore)).toEqual(before);
      expect(await cursorStore.parked('s')).toEqual([parkedAt(4n)]);
      expect(await cursorStore.report('s', next!, report)).toBe(true);
      expect(await found(cursorStore)).toMatchObject({ owner: owner('second'), report });
    });

    it('moves the cursor forward only, with its fingerprint', async () => {
      const { cursorStore, epoch } = await claimed();
      expect(await cursorStore.advance('s', epoch, at(5n))).toBe(true);
      expect(await cursorStore.advance('s', epoch, at(3n))).toBe(true);
      expect(await cursorStore.advance('s', epoch, { ...at(5n), hash: 'another' })).toBe(true);
      expect(await found(cursorStore)).toMatchObject({ position: 5n, fingerprint: at(5n) });
      expect(await cursorStore.advance('s', epoch, at(2n ** 62n))).toBe(true);
      expect((await found(cursorStore)).position).toBe(2n ** 62n);
    });

    it('gives a released lease to the next, under a new epoch', async () => {
      const { cursorStore, epoch } = await claimed();
      await cursorStore.release('s', epoch);
      const free = await found(cursorStore);
      expect(free).toMatchObject({ owner: null, expired: false });
      expect(await cursorStore.claim('s', free, owner('second'), TTL)).toBe(epoch + 1n);
    });

    it('pauses and resumes: the owner is gone, the cursor stays', async () => {
      const { cursorStore, epoch } = await claimed();
      await cursorStore.advance('s', epoch, at(3n));
      await cursorStore.intervene('s', { verb: 'pause', by: 'ann' });
      expect(await found(cursorStore)).toMatchObject({
        paused: true,
        owner: null,
        epoch: epoch + 1n,
        position: 3n,
        fingerprint: at(3n),
      });
      expect(await cursorStore.advance('s', epoch, at(4n))).toBe(false);
      await cursorStore.intervene('s', { verb: 'resume', by: null });
      expect(await found(cursorStore)).toMatchObject({
        paused: false,
        epoch: epoch + 2n,
        position: 3n,
      });
    });

    it.each(['reset', 'rebuild'] as const)(
      '%s: position, query and fingerprint are new, parked facts forgotten',
      async (verb) => {
        const { cursorStore, epoch } = await claimed();
        await cursorStore.advance('s', epoch, at(8n));
        await cursorStore.park('s', epoch, parkedAt(9n), at(9n));
        await cursorStore.intervene('s', {
          verb,
          by: 'ann',
          position: 2n,
          queryText: 'a new query',
        });
        expect(await found(cursorStore)).toMatchObject({
          position: 2n,
          query_text: 'a new query',
          fingerprint: null,
          parkedCount: 0,
          owner: null,
          epoch: epoch + 1n,
        });
        const next = await cursorStore.claim('s', await found(cursorStore), owner('second'), TTL);
        expect(await cursorStore.advance('s', next!, at(3n))).toBe(true);
        expect(await found(cursorStore)).toMatchObject({ position: 3n, fingerprint: at(3n) });
      },
    );

    it('parks in one step with the cursor, and tells in order', async () => {
      const { cursorStore, epoch } = await claimed();
      for (const number of [10n, 9n, 100n]) {
        expect(await cursorStore.park('s', epoch, parkedAt(number), at(number))).toBe(true);
      }
      expect(await cursorStore.parked('s')).toEqual([parkedAt(9n), parkedAt(10n), parkedAt(100n)]);
      expect(await found(cursorStore)).toMatchObject({ parkedCount: 3, position: 100n });
      expect(await cursorStore.parked('t')).toEqual([]);
    });

    it('tells since when facts are parked, where it tells at all', async () => {
      const { cursorStore, epoch } = await claimed();
      const since = async (): Promise<unknown> => (await found(cursorStore)).parkedSince;
      const told = (await since()) !== undefined;
      const later = { ...parkedAt(1n), at: '2026-01-02T00:00:00.000Z' };
      const earlier = { ...parkedAt(2n), at: '2026-01-01T23:59:59.999Z' };
      for (const fact of [later, earlier]) await cursorStore.park('s', epoch, fact, at(2n));
      expect(await since()).toBe(told ? earlier.at : undefined);
      await cursorStore.unpark('s', epoch, 2n);
      expect(await since()).toBe(told ? later.at : undefined);
    });

    it('retries: unpark until none is left, or repark ends it', async () => {
      const { cursorStore, epoch } = await claimed();
      for (const number of [1n, 2n, 3n])
        await cursorStore.park('s', epoch, parkedAt(number), at(3n));
      await cursorStore.intervene('s', { verb: 'retryParked', by: 'ann' });
      expect(await found(cursorStore)).toMatchObject({ retryParked: true, parkedCount: 3 });
      const next = (await cursorStore.claim('s', await found(cursorStore), owner('second'), TTL))!;
      expect(await cursorStore.unpark('s', next, 1n)).toBe(true);
      expect((await found(cursorStore)).retryParked).toBe(true);
      expect(await cursorStore.repark('s', next, parkedAt(2n, 4))).toBe(true);
      expect(await found(cursorStore)).toMatchObject({ retryParked: false, parkedCount: 2 });
      expect(await cursorStore.parked('s')).toEqual([parkedAt(2n, 4), parkedAt(3n)]);

      await cursorStore.intervene('s', { verb: 'retryParked', by: 'ann' });
      const last = (await cursorStore.claim('s', await found(cursorStore), owner('second'), TTL))!;
      await cursorStore.unpark('s', last, 2n);
      await cursorStore.unpark('s', last, 3n);
      expect(await found(cursorStore)).toMatchObject({ retryParked: false, parkedCount: 0 });
    });

    it('forgets parked facts on demand; other names keep theirs', async () => {
      const { cursorStore, epoch } = await claimed();
      const other = await cursorStore.open('t', '"*"', 0n);
      const others = (await cursorStore.claim('t', other, owner('first'), TTL))!;
      await cursorStore.park('s', epoch, parkedAt(1n), at(1n));
      await cursorStore.park('t', others, parkedAt(1n), at(1n));
      await cursorStore.intervene('s', { verb: 'discardParked', by: null });
      expect(await cursorStore.parked('s')).toEqual([]);
      expect(await cursorStore.parked('t')).toEqual([parkedAt(1n)]);
      expect((await found(cursorStore)).position).toBe(1n);
    });

    it('keeps a record of who said what and when', async () => {
      const { cursorStore } = await claimed();
      const began = Date.now();
      await cursorStore.intervene('s', { verb: 'pause', by: 'ann' });
      await cursorStore.intervene('s', { verb: 'reset', by: null, position: 4n, queryText: 'q' });
      const recorded = await cursorStore.interventions('s');
      expect(recorded).toEqual([
        { verb: 'pause', by: 'ann', position: null, at: expect.any(String) },
        { verb: 'reset', by: null, position: 4n, at: expect.any(String) },
      ]);
      for (const { at: when } of recorded) {
        expect(Date.parse(when)).toBeGreaterThanOrEqual(began);
        expect(Date.parse(when)).toBeLessThanOrEqual(Date.now());
      }
      expect(await cursorStore.interventions('t')).toEqual([]);
    });
  });
}
