import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FactstrNatsStore } from '../../lib/nats/store.js';
import { NatsCluster } from '../support/nats/server.js';
import { SmallDisk, noSmallDisk } from '../support/small-disk.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { until } from '../support/waiting/until.js';
import { RawStream } from './support/raw-stream.js';

/** More than one server's disk has room for. */
const APPENDS = 120;
const TEXT = 'x'.repeat(60_000);
const missing = noSmallDisk();

if (missing !== undefined) {
  describe('A full disk of one server', () => {
    it(`NOT TESTED here: ${missing}`, () => undefined);
  });
} else {
  describeWith(nats, 'A full disk of one server', () => {
    const folder = mkdtempSync(join(tmpdir(), 'factstr-full-'));
    let disk: SmallDisk;
    let cluster: NatsCluster;
    let raw: RawStream;
    let store: FactstrNatsStore;

    beforeAll(async () => {
      disk = SmallDisk.mount(join(folder, 'n1'), 4_096);
      const folders = (place: number): string => join(folder, `n${place + 1}`, 'data');
      cluster = await NatsCluster.start({ servers: 3, folderOf: folders });
      store = new FactstrNatsStore({
        servers: cluster.urls,
        stream: 'facts',
        durability: 'replicated',
        onStreamError: () => undefined,
      });
      await store.connect();
      raw = await RawStream.open(cluster.urls, 'facts');
    });

    afterAll(async () => {
      await raw?.close();
      await store?.close();
      await cluster?.stop();
      disk?.end();
      rmSync(folder, { recursive: true, force: true });
    });

    it('that leads: the others go on, each append is there once, and none is refused wrongly', async () => {
      await until(
        async () => {
          if ((await raw.leader()) === cluster.servers[0]!.name) return true;
          await raw.stepDown().catch(() => undefined);
          return false;
        },
        () => 'the server of the small disk to lead',
      );
      for (let n = 0; n < APPENDS; n++) {
        const append = (): Promise<unknown> =>
          store.append([{ event_type: 'noted', payload: { n, text: TEXT } }], {
            appendId: `note-${n}`,
          });
        await until(
          () =>
            append().then(
              () => true,
              (error: { code: string }) => {
                expect(error.code).toMatch(
                  /^(STORAGE_FULL|DATABASE_UNAVAILABLE|INDETERMINATE_APPEND)$/,
                );
                return false;
              },
            ),
          () => `append ${n}`,
        );
      }
      const { event_records: facts } = await store.queryPage({}, { read: 'barrier' });
      expect(facts.map(({ payload }) => (payload as { n: number }).n)).toEqual(
        Array.from({ length: APPENDS }, (_, n) => n),
      );
      expect(await raw.leader()).not.toBe(cluster.servers[0]!.name);
    });
  });
}
