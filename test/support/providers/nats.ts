import { afterAll } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FactstrNatsStore } from '../../../lib/nats/store.js';
import type { NatsOwnOptions } from '../../../lib/nats/options.js';
import { NatsCluster } from '../nats/server.js';
import type { NatsSettings } from '../nats/server.js';
import { uniqueName } from '../postgres.js';
import type { Provider } from './provider.js';

/** So that an append as large as the contract's limits fits one message. */
const MAX_PAYLOAD = 24 * 1024 * 1024;

/** Stores on streams of one cluster, which is started with the first and stopped after the suite. */
export function natsProvider(
  view: 'memory' | 'file',
  settings: NatsSettings = {},
  options: Partial<NatsOwnOptions> = {},
): Provider & { cluster(): Promise<NatsCluster> } {
  let cluster: Promise<NatsCluster> | undefined;
  const started = (): Promise<NatsCluster> =>
    (cluster ??= NatsCluster.start({ maxPayload: MAX_PAYLOAD, ...settings }));
  let beside: Promise<NatsConnection> | undefined;
  afterAll(async () => {
    await (await beside)?.close();
    await (await cluster)?.stop();
  });
  /** Replicas keep servers busy, also of a log that is used no more. */
  const remove = async (stream: string): Promise<void> => {
    beside ??= connect({ servers: (await started()).urls });
    const { streams } = await jetstreamManager(await beside);
    for (const name of [stream, `KV_${stream}-cursors`]) {
      await streams.delete(name).catch(() => undefined);
    }
  };
  return {
    name: `NATS, a view ${view === 'memory' ? 'in memory' : 'on disk'}`,
    cluster: started,
    create: async () => {
      const { urls, monitorUrls } = await started();
      const stream = uniqueName('facts');
      const folder = await mkdtemp(join(tmpdir(), 'factstr-view-'));
      const stores: FactstrNatsStore[] = [];
      let ahead = 0;
      return {
        ageAppendIds: async (milliseconds) => {
          ahead += milliseconds;
        },
        open: async (given) => {
          const store = new FactstrNatsStore({
            servers: urls,
            monitorUrls,
            stream,
            view: view === 'memory' ? 'memory' : join(folder, `view-${stores.length}.sqlite`),
            replicas: settings.servers ?? 1,
            // How long the servers take on a busy machine is none of the contract's.
            requestTimeout: 60_000,
            appendTimeout: 90_000,
            ahead: () => ahead,
            ...options,
            ...given,
          });
          stores.push(store);
          return store;
        },
        dispose: async () => {
          await Promise.all(stores.map((store) => store.close()));
          await remove(stream);
          await rm(folder, { recursive: true, force: true });
        },
      };
    },
  };
}
