import { chownSync, globSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FactstrPostgresStore } from 'nestjs-factstr';
import { runSql, uniqueName } from '../../support/postgres.js';
import { stoppableServer } from '../support/postgres-faults.js';
import type { Round } from '../support/round.js';
import type { Provider, Scenario } from '../support/scenario.js';
import { SmallDisk, noSmallDisk } from '../../support/small-disk.js';
import type { StoreOptions } from '../support/storage.js';
import { judgeLog } from '../support/verdict.js';
import { failureOf } from '../../support/failure-of.js';
import { Writer } from '../support/writer.js';

/** Appends are refused while there is no room, reading goes on, and with room so does writing. */
export const diskFull: Scenario = {
  name: 'disk-full',
  fault: 'disk full, then room again',
  providers: ['sqlite', 'postgres'],
  faults: [5, 1],
  missing: noSmallDisk,
  async run(round, provider) {
    const { disk, options } = await storeOnSmallDisk(round, provider);
    const named = round.random.chance(0.5);
    const settings = { named, lanes: 6, padding: 8_000, think: 0, calls: 20_000 };
    const writer = await Writer.start(round, options, settings);
    await round.forEachFault(async () => {
      // Some refusals more, so that the ways into a full disk differ.
      await writer.makes(round.random.int(1, 20), 'refused', 'STORAGE_FULL');
      if (options.provider === 'postgres') await opensOnFullDisk(round, disk, options.url);
      await writer.makes(3, 'answered');
      disk.grow(round.random.int(512, 1_500));
      await writer.makes(round.random.int(5, 20), 'committed');
    });
    await writer.stop();
    await judgeLog(round, options, [writer], { refusals: ['STORAGE_FULL'] });
  },
};

/** A backend that starts where its cache of the catalog is gone has to write it anew. */
async function opensOnFullDisk(round: Round, disk: SmallDisk, url: string): Promise<void> {
  for (const cache of globSync(join(disk.folder, '*/*/pg_internal.init'))) rmSync(cache);
  const free = disk.fill();
  const store = new FactstrPostgresStore(url);
  try {
    const failure: (Error & { code?: string }) | undefined = await failureOf(() => store.query({}));
    if (failure?.code !== 'STORAGE_FULL')
      round.unexpected(`a store that opens on a full disk: ${failure?.message ?? 'no failure'}`);
  } finally {
    free();
    await store.close();
  }
}

async function storeOnSmallDisk(
  round: Round,
  provider: Provider,
): Promise<{ disk: SmallDisk; options: StoreOptions }> {
  if (provider === 'sqlite') {
    const disk = await smallDisk(round, 2_048);
    return { disk, options: { provider, path: join(disk.folder, 'facts.sqlite') } };
  }
  // A server that nothing else uses: while its tablespace is full, it cannot drop the databases of other tests.
  // Its own files, its write-ahead log among them, stay where there is room.
  const { url: serverUrl } = await stoppableServer(round);
  const [{ data_directory }] = (await runSql(serverUrl, 'SHOW data_directory')).rows as [
    { data_directory: string },
  ];
  const { uid, gid } = statSync(data_directory);
  const disk = await smallDisk(round, 12_288);
  chownSync(disk.folder, uid, gid);
  const parent = statSync(join(disk.folder, '..'));
  if (parent.uid !== uid) chownSync(join(disk.folder, '..'), uid, gid);
  const name = uniqueName('factstr_small');
  await runSql(serverUrl, `CREATE TABLESPACE ${name} LOCATION '${disk.folder}'`);
  round.later(() => runSql(serverUrl, `DROP TABLESPACE ${name}`));
  await runSql(serverUrl, `CREATE DATABASE ${name} TABLESPACE ${name}`);
  round.later(() => runSql(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { disk, options: { provider: 'postgres', url: url.href } };
}

async function smallDisk(round: Round, kibibytes: number): Promise<SmallDisk> {
  const disk = SmallDisk.mount(await round.file('disk'), kibibytes);
  round.later(() => disk.end());
  return disk;
}
