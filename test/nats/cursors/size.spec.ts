import { expect, it } from '@jest/globals';
import { at, keysOf, natsCursors, owner, parkedFact } from './support.js';
import type { OpenedCursors } from './support.js';

const { open, stream } = natsCursors({ sync: '2m' });

const PARKED = 10_000;
const AT_ONCE = 100;
/** What a name's value may have with so many, in bytes. */
const MOST = 16_000;
const PATIENCE = 20_000;

/** The bytes that the value of the only name has. */
async function valueSize({ link }: OpenedCursors, bucket: string): Promise<number> {
  const message = await link.manager.streams.getMessage(`KV_${bucket}-cursors`, {
    last_by_subj: `$KV.${bucket}-cursors.n.*`,
  });
  return message!.data.length;
}

it(`keeps ${PARKED} parked facts in a small value, and reads them within seconds`, async () => {
  const bucket = stream();
  const opened = await open(bucket, { requestTimeout: 30_000 });
  const { cursors } = opened;
  await cursors.claim('p', await cursors.open('p', '{}', 0n), owner('a'));
  for (let from = 1; from <= PARKED; from += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, (_, place) => from + place);
    await Promise.all(some.map((n) => cursors.park('p', 1n, parkedFact(n), at(n))));
  }
  const found = await cursors.find('p');
  expect(found).toMatchObject({ position: BigInt(PARKED), parkedCount: PARKED });
  expect(found!.parkedSince).toBe(parkedFact(1).at);
  expect(await valueSize(opened, bucket)).toBeLessThan(MOST);

  const began = performance.now();
  const parked = await cursors.parked('p');
  const took = performance.now() - began;
  expect(parked.map(({ sequence_number }) => Number(sequence_number))).toEqual(
    Array.from({ length: PARKED }, (_, place) => place + 1),
  );
  console.info(
    `${PARKED} parked facts: a value of ${await valueSize(opened, bucket)} bytes, read in ${Math.round(took)} ms`,
  );
  expect(took).toBeLessThan(PATIENCE);

  for (let n = 1; n <= 100; n++) expect(await cursors.unpark('p', 1n, BigInt(n))).toBe(true);
  expect(await cursors.find('p')).toMatchObject({
    parkedCount: PARKED - 100,
    parkedSince: parkedFact(101).at,
  });
  // Facts and chunks, and nothing that no value names.
  expect((await keysOf(opened, bucket, 'p.>')).length).toBeLessThan(PARKED - 100 + 20);

  await cursors.intervene('p', { verb: 'discardParked', by: null });
  expect(await cursors.find('p')).toMatchObject({ parkedCount: 0, parkedSince: null });
  expect(await keysOf(opened, bucket, 'p.>')).toEqual([]);
});

it('keeps a long journal in a small value', async () => {
  const bucket = stream();
  const opened = await open(bucket);
  for (let version = 1; version <= 300; version++) await opened.cursors.activate('p', version, 'x');
  expect(await valueSize(opened, bucket)).toBeLessThan(2_000);
  const verbs = (await opened.cursors.interventions('p')).map(({ verb }) => verb);
  expect(verbs).toEqual(Array.from({ length: 300 }, (_, place) => `switchTo ${place + 1}`));
});
