import { expect, it } from '@jest/globals';
import {
  DatabaseUnavailableError,
  ForeignDatabaseError,
  SchemaMissingError,
} from '../../../lib/contract/errors.js';
import { natsCursors, openCursors } from './support.js';
import type { OpenedCursors } from './support.js';

const { cluster, open, stream } = natsCursors({ sync: '2m' });

it('creates no bucket where it must not', async () => {
  const { cursors, link } = await open(stream(), { initialize: false });
  await expect(cursors.find('p')).rejects.toThrow(SchemaMissingError);
  await expect(cursors.open('p', '{}', 0n)).rejects.toThrow(/There is no bucket/);
  expect(await link.manager.streams.list().next()).toEqual([]);
});

it.each([
  { setting: 'max_age', config: { max_age: 3_600_000_000_000 } },
  { setting: 'max_bytes', config: { max_bytes: 1_000_000 } },
  { setting: 'max_msgs', config: { max_msgs: 10 } },
  { setting: 'max_msg_size', config: { max_msg_size: 1_000 } },
  { setting: 'allow_direct', config: { allow_direct: true } },
])('refuses a bucket by the name of its setting $setting', async ({ setting, config }) => {
  const bucket = stream();
  const opened = await open(bucket);
  await opened.cursors.find('p');
  await opened.link.manager.streams.update(`KV_${bucket}-cursors`, config);
  const late = (await open(bucket)).cursors.find('p');
  await expect(late).rejects.toThrow(ForeignDatabaseError);
  await expect(late).rejects.toThrow(new RegExp(`settings ${setting} are`));
});

it('is opened by several at once, and one of them creates it', async () => {
  for (let round = 0; round < 10; round++) {
    const bucket = stream();
    const all = await Promise.all(Array.from({ length: 6 }, () => open(bucket)));
    const found = await Promise.all(all.map(({ cursors }) => cursors.open('p', '{}', 0n)));
    expect(found.every(({ epoch }) => epoch === 0n)).toBe(true);
  }
});

it('lets one of several contenders win, each time', async () => {
  const bucket = stream();
  const all: OpenedCursors[] = await Promise.all(Array.from({ length: 4 }, () => open(bucket)));
  const seen = await all[0]!.cursors.open('p', '{}', 0n);
  for (let round = 0n; round < 60n; round++) {
    const version = { epoch: seen.epoch + round, renewals: 0n };
    const claimed = await Promise.all(
      all.map(({ cursors }, place) =>
        cursors.claim('p', version, {
          id: `${place}`,
          host: 'h',
          pid: 1,
          boot: null,
          started: null,
        }),
      ),
    );
    expect(claimed.filter((epoch) => epoch !== undefined)).toEqual([round + 1n]);
    const winner = claimed.findIndex((epoch) => epoch !== undefined);
    expect((await all[0]!.cursors.find('p'))!.owner!.id).toBe(`${winner}`);
  }
});

it('answers at once where its connection was closed', async () => {
  const { cursors, link } = await openCursors(stream(), (await cluster()).urls, {
    requestTimeout: 60_000,
  });
  await cursors.open('p', '{}', 0n);
  await link.close();
  await expect(cursors.find('p')).rejects.toThrow(DatabaseUnavailableError);
});
