import { afterAll, beforeAll } from '@jest/globals';
import { nats } from '../servers/servers.js';
import { NatsCluster } from './server.js';

/** One server for a file's tests, which are `describeWith(nats, …)`: where none can be had, none is started. */
export function suiteServer(): Pick<NatsCluster, 'urls' | 'servers'> {
  let cluster: NatsCluster | undefined;
  beforeAll(async () => {
    if (nats.isThere()) cluster = await NatsCluster.start();
  });
  afterAll(() => cluster?.stop());
  return {
    get urls() {
      return cluster!.urls;
    },
    get servers() {
      return cluster!.servers;
    },
  };
}
