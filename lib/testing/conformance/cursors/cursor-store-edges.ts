import { MAX_SEQUENCE_NUMBER } from '../../../contract/limits.js';
import type { Suite } from '../suite.js';
import { stranger } from './cursor-store-kind.js';
import type { CursorStoreKind } from './cursor-store-kind.js';
import type { StoredStream, CursorStore } from '../../../cursors/cursor-store.js';

const TTL = 60_000;
const at = (sequence_number: bigint, hash = `hash of ${sequence_number}`) => ({
  sequence_number,
  hash,
});
const parked = (sequence_number: bigint) => ({
  sequence_number,
  error: 'a bug',
  attempts: 1,
  at: '2026-01-01T00:00:00.000Z',
});

/** Names that something could take for one another, or for something else. */
const NAMES = [
  'a',
  'A',
  ' a',
  'a ',
  'a\t',
  'á',
  'a\u0301',
  'Á',
  'ａ',
  'ß',
  'ss',
  'a%',
  'a_',
  "a'b",
  'a"b',
  'a\\b',
  'a$1b',
  'a?b',
  '{schema}',
  '$&',
  '👍',
  '__proto__',
  'constructor',
  'x'.repeat(200),
];

/** What every cursor store has to hold at its edges: names, numbers, clocks, and two that meet. */
export function describeCursorStoreEdges(
  { describe, it, expect, until }: Suite,
  { name, hasClock, open }: CursorStoreKind,
): void {
  async function claimed(cursorStore: CursorStore, stream = 's', ttl = TTL): Promise<bigint> {
    const seen = await cursorStore.open(stream, 'a query', 0n);
    return (await cursorStore.claim(stream, seen, stranger('first'), ttl))!;
  }
  const found = async (cursorStore: CursorStore, stream = 's'): Promise<StoredStream> =>
    (await cursorStore.find(stream))!;

  describe(`The cursor store of ${name}, at its edges`, () => {
    it('tells names apart, whatever they look like', async () => {
      const { cursorStore } = await open();
      await Promise.all(
        NAMES.map(async (stream, index) => {
          const epoch = await claimed(cursorStore, stream);
          await cursorStore.advance(stream, epoch, at(BigInt(index)));
          await cursorStore.park(stream, epoch, parked(BigInt(index)), at(BigInt(index)));
          await cursorStore.intervene(stream, { verb: 'pause', by: `of ${index}` });
          await cursorStore.activate(stream, index, stream);
        }),
      );
      for (const [index, stream] of NAMES.entries()) {
        expect(await found(cursorStore, stream)).toMatchObject({
          position: BigInt(index),
          parkedCount: 1,
          paused: true,
          epoch: 2n,
        });
        expect(await cursorStore.parked(stream)).toEqual([parked(BigInt(index))]);
        expect((await cursorStore.interventions(stream)).map(({ by }) => by)).toEqual([
          `of ${index}`,
          stream,
        ]);
        expect(await cursorStore.activeVersion(stream)).toBe(index);
      }
    });

    it('knows nothing of the names of another database', async () => {
      const [here, elsewhere] = [await open(), await open()];
      await claimed(here.cursorStore);
      expect(await elsewhere.cursorStore.find('s')).toBeUndefined();
      expect(await claimed(elsewhere.cursorStore)).toBe(1n);
      expect(await here.cursorStore.renew('s', 1n, TTL)).toBe(true);
    });

    it('keeps numbers beyond those of floating point, up to the last', async () => {
      const { cursorStore } = await open();
      const epoch = await claimed(cursorStore);
      const numbers = [0n, 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, MAX_SEQUENCE_NUMBER];
      for (const number of numbers) {
        expect(await cursorStore.park('s', epoch, parked(number), at(number))).toBe(true);
        expect(await found(cursorStore)).toMatchObject({
          position: number,
          fingerprint: at(number),
        });
      }
      expect(await cursorStore.parked('s')).toEqual(numbers.map(parked));
      await cursorStore.intervene('s', { verb: 'reset', by: null, position: 2n ** 53n + 1n });
      expect((await cursorStore.interventions('s'))[0]!.position).toBe(2n ** 53n + 1n);
      expect((await found(cursorStore)).position).toBe(2n ** 53n + 1n);
    });

    it('stands at 5, is moved one back, nowhere, and one on: forward only, with its fingerprint', async () => {
      const { cursorStore } = await open();
      const cases = [
        { known: at(5n), to: at(4n, 'new'), position: 5n, fingerprint: at(5n) },
        { known: at(5n), to: at(5n, 'new'), position: 5n, fingerprint: at(5n) },
        { known: at(5n), to: at(6n, 'new'), position: 6n, fingerprint: at(6n, 'new') },
        { known: null, to: at(4n), position: 5n, fingerprint: null },
        { known: null, to: at(5n), position: 5n, fingerprint: at(5n) },
        { known: null, to: at(6n), position: 6n, fingerprint: at(6n) },
      ];
      for (const [index, { known, to, position, fingerprint }] of cases.entries()) {
        const stream = `s${index}`;
        const seen = await cursorStore.open(stream, 'a query', 5n);
        const epoch = (await cursorStore.claim(stream, seen, stranger('first'), TTL))!;
        if (known !== null) await cursorStore.advance(stream, epoch, known);
        expect(await cursorStore.advance(stream, epoch, to)).toBe(true);
        expect([index, await found(cursorStore, stream)]).toMatchObject([
          index,
          { position, fingerprint },
        ]);
      }
    });

    it('lets one of two that meet win: a claim, or the renewal that it did not see', async () => {
      const { cursorStore, other } = await open();
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, async (_, n) => {
          const stream = `s${n}`;
          const epoch = await claimed(cursorStore, stream);
          const seen = await found(other, stream);
          const renew = async () => cursorStore.renew(stream, epoch, TTL);
          const claim = async () => other.claim(stream, seen, stranger('second'), TTL);
          const [renewed, taken] =
            n % 2 === 0
              ? await Promise.all([renew(), claim()])
              : (await Promise.all([claim(), renew()])).toReversed();
          const expected = renewed
            ? { epoch: 1n, renewals: 1n, owner: stranger('first') }
            : { epoch: 2n, renewals: 0n, owner: stranger('second') };
          expect(await found(other, stream)).toMatchObject(expected);
          return [renewed, taken];
        }),
      );
      for (const outcome of outcomes) {
        expect([
          [true, undefined],
          [false, 2n],
        ]).toContainEqual(outcome);
      }
    });

    it('records a cursor whole or not at all, when an operator speaks meanwhile', async () => {
      const { cursorStore, other } = await open();
      await Promise.all(
        Array.from({ length: 12 }, async (_, n) => {
          const stream = `s${n}`;
          const epoch = await claimed(cursorStore, stream);
          await cursorStore.advance(stream, epoch, at(1n));
          const park = async () => cursorStore.park(stream, epoch, parked(2n), at(2n));
          const pause = async () => other.intervene(stream, { verb: 'pause', by: null });
          const [written] =
            n % 2 === 0
              ? await Promise.all([park(), pause()])
              : (await Promise.all([pause(), park()])).toReversed();
          expect(await found(other, stream)).toMatchObject({
            epoch: 2n,
            paused: true,
            position: written === true ? 2n : 1n,
            fingerprint: at(written === true ? 2n : 1n),
            parkedCount: written === true ? 1 : 0,
          });
        }),
      );
    });

    it('is asked at a time to come whether a lease has expired', async () => {
      const { cursorStore } = await open();
      const epoch = await claimed(cursorStore, 's', 0);
      await until(
        async () => (await found(cursorStore)).expired === hasClock,
        () => 'the lease to have expired',
      );
      expect(await cursorStore.renew('s', epoch, TTL)).toBe(true);
      expect((await found(cursorStore)).expired).toBe(false);
      await cursorStore.renew('s', epoch, 0);
      await until(
        async () => (await found(cursorStore)).expired === hasClock,
        () => 'the renewed lease to have expired',
      );
      // Whoever has let it go, by whatever word, has nothing that could expire.
      await cursorStore.release('s', epoch);
      expect(await found(cursorStore)).toMatchObject({ expired: false, owner: null });
      const next = await cursorStore.claim('s', await found(cursorStore), stranger('second'), 0);
      await cursorStore.intervene('s', { verb: 'resume', by: null });
      expect(await found(cursorStore)).toMatchObject({
        expired: false,
        owner: null,
        epoch: next! + 1n,
      });
      const last = await cursorStore.claim('s', await found(cursorStore), stranger('third'), TTL);
      expect(await found(cursorStore)).toMatchObject({ expired: false, epoch: last });
    });

    it('keeps the active version of a name that has no cursor, and says nothing of others', async () => {
      const { cursorStore, other } = await open();
      expect(await cursorStore.activeVersion('s')).toBeNull();
      for (const version of [0, 1, 2 ** 31]) {
        await cursorStore.activate('s', version, 'ann');
        expect(await other.activeVersion('s')).toBe(version);
      }
      expect(await cursorStore.activeVersion('t')).toBeNull();
      expect(await cursorStore.find('s')).toBeUndefined();
      expect(await cursorStore.interventions('s')).toEqual(
        [0, 1, 2 ** 31].map((version) => ({
          verb: `switchTo ${version}`,
          by: 'ann',
          position: null,
          at: expect.any(String),
        })),
      );
      expect(await cursorStore.open('s', 'a query', 3n)).toMatchObject({ epoch: 0n, position: 3n });
      expect(await cursorStore.activeVersion('s')).toBe(2 ** 31);
      await claimed(cursorStore);
      await cursorStore.activate('s', 4, null);
      expect(await found(cursorStore)).toMatchObject({ epoch: 1n, owner: stranger('first') });
    });
  });
}
