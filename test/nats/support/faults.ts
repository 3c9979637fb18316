import { setTimeout as pause } from 'node:timers/promises';
import type { NatsCluster, NatsServer } from '../../support/nats/server.js';
import type { TestProxy } from '../../support/postgres/proxy.js';
import type { Random } from '../../support/random.js';
import type { RawStream } from './raw-stream.js';

/** What faults are done to. */
export interface FaultTargets {
  readonly cluster: NatsCluster;
  readonly raw: RawStream;
  /** Between the clients and each server. */
  readonly proxies: readonly TestProxy[];
  readonly random: Random;
  /** The longest freeze, in milliseconds. */
  readonly longest: number;
}

export type Fault = (targets: FaultTargets) => Promise<void>;

/** One at a time, and the cluster is whole again after each: two of three servers are always there. */
export const SERVER_FAULTS: Readonly<Record<string, Fault>> = {
  'leader killed': async (targets) => restart(targets, await leader(targets), 'SIGKILL'),
  'server killed': async (targets) => restart(targets, anyServer(targets), 'SIGKILL'),
  'leader terminated': async (targets) => restart(targets, await leader(targets), 'SIGTERM'),
  'leader frozen': async (targets) => freeze(targets, await leader(targets)),
  'server frozen': async (targets) => freeze(targets, anyServer(targets)),
  'leader stepped down': async ({ raw }) => {
    await raw.stepDown().catch(() => undefined);
  },
  'connections cut': async ({ proxies, random }) => {
    for (const proxy of proxies) if (random.chance(0.7)) proxy.cut();
    await pause(random.int(100, 1_000));
  },
  'connections silent': async ({ proxies, random, longest }) => {
    const proxy = random.pick(proxies);
    proxy.freeze();
    await pause(random.int(500, longest));
    // What was swallowed is gone: a connection that lost a part of what was sent does not go on.
    proxy.cut();
    proxy.thaw();
  },
};

async function leader({ cluster, raw }: FaultTargets): Promise<NatsServer> {
  const name = await raw.leader();
  return cluster.servers.find((server) => server.name === name)!;
}

function anyServer({ cluster, random }: FaultTargets): NatsServer {
  return random.pick(cluster.servers);
}

async function restart(
  { random }: FaultTargets,
  server: NatsServer,
  signal: 'SIGKILL' | 'SIGTERM',
): Promise<void> {
  await server.kill(signal);
  await pause(random.int(0, 3_000));
  server.start();
  await server.ready();
}

async function freeze({ random, longest }: FaultTargets, server: NatsServer): Promise<void> {
  server.signal('SIGSTOP');
  await pause(random.int(1_000, longest));
  server.signal('SIGCONT');
  await server.ready();
}
