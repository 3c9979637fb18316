import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { NatsCluster, NatsServer } from '../../support/nats/server.js';
import type { TestProxy } from '../../support/postgres/proxy.js';
import type { SmallDisk } from '../../support/small-disk.js';
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
  /** The first server's disk, where one could be made that can be full. */
  readonly disk?: SmallDisk | undefined;
}

const DISK_FULL = 'disk full';

export type Fault = (targets: FaultTargets) => Promise<void>;

/** One at a time, and the cluster is whole again after each. */
export const SERVER_FAULTS: Readonly<Record<string, Fault>> = {
  'leader killed': async (targets) => restart(targets, await leader(targets), 'SIGKILL'),
  'server killed': async (targets) => restart(targets, anyServer(targets), 'SIGKILL'),
  'leader terminated': async (targets) => restart(targets, await leader(targets), 'SIGTERM'),
  'leader frozen': async (targets) => freeze(targets, await leader(targets)),
  'server frozen': async (targets) => freeze(targets, anyServer(targets)),
  'leader stepped down': async ({ raw }) => {
    await raw.stepDown().catch(() => undefined);
  },
  'majority killed': async (targets) => {
    const { cluster, random } = targets;
    const spared = random.pick(cluster.servers);
    await restartAll(
      targets,
      cluster.servers.filter((server) => server !== spared),
    );
  },
  'all killed': async (targets) => restartAll(targets, targets.cluster.servers),
  'replica wiped': async (targets) => {
    const { raw } = targets;
    const server = anyServer(targets);
    await raw.replicated();
    await restart(targets, server, 'SIGKILL', () =>
      rm(server.folder, { recursive: true, force: true }),
    );
    // Until it has everything, another one that dies may be the last that has some of it.
    await raw.replicated();
  },
  [DISK_FULL]: async (targets) => {
    const { cluster, disk, random } = targets;
    const free = disk!.fill();
    await pause(random.int(500, 4_000));
    free();
    // A server that has met a full disk keeps away from its streams until it is started again.
    await restart(targets, cluster.servers[0]!, 'SIGTERM');
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

/** The faults that can be done to these. */
export function faultsFor({ disk }: FaultTargets): string[] {
  return Object.keys(SERVER_FAULTS).filter((name) => name !== DISK_FULL || disk !== undefined);
}

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
  meanwhile?: () => Promise<void>,
): Promise<void> {
  await server.kill(signal);
  await meanwhile?.();
  await pause(random.int(0, 3_000));
  server.start();
  await server.ready();
}

async function restartAll({ random }: FaultTargets, servers: readonly NatsServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.kill()));
  await pause(random.int(0, 4_000));
  for (const server of servers) server.start();
  await Promise.all(servers.map((server) => server.ready()));
}

async function freeze({ random, longest }: FaultTargets, server: NatsServer): Promise<void> {
  server.signal('SIGSTOP');
  await pause(random.int(1_000, longest));
  server.signal('SIGCONT');
  await server.ready();
}
