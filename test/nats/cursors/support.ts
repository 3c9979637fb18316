import { afterAll, afterEach } from '@jest/globals';
import type { Fingerprint, LeaseOwner, ParkedFact } from '../../../lib/cursors/cursor-store.js';
import { NatsLink } from '../../../lib/nats/connection/connection.js';
import { NatsCursorStore } from '../../../lib/nats/cursors/nats-cursor-store.js';
import type { BucketOptions } from '../../../lib/nats/cursors/open-bucket.js';
import { resolveNatsOptions } from '../../../lib/nats/options.js';
import type { NatsConnectionOptions } from '../../../lib/nats/options.js';
import { NatsCluster } from '../../support/nats/server.js';
import type { NatsSettings } from '../../support/nats/server.js';
import { uniqueName } from '../../support/postgres.js';

export const TTL = 60_000;

/** How a cursor store is opened. */
export interface OpenSettings extends Partial<BucketOptions> {
  /** Default: those of the cluster. */
  readonly servers?: readonly string[];
  readonly connection?: NatsConnectionOptions;
}

/** A cursor store with its connection. */
export interface OpenedCursors {
  readonly cursors: NatsCursorStore;
  readonly link: NatsLink;
}

/** A cluster for a suite, and cursor stores on it, which are closed after each test. */
export function natsCursors(settings: NatsSettings = {}): {
  readonly cluster: () => Promise<NatsCluster>;
  readonly stream: () => string;
  readonly open: (stream: string, options?: OpenSettings) => Promise<OpenedCursors>;
} {
  let started: Promise<NatsCluster> | undefined;
  const links: NatsLink[] = [];
  const cluster = (): Promise<NatsCluster> => (started ??= NatsCluster.start(settings));
  afterEach(async () => {
    await Promise.all(links.splice(0).map((link) => link.close()));
  });
  afterAll(async () => {
    await (await started)?.stop();
  });
  return {
    cluster,
    stream: () => uniqueName('facts'),
    open: async (stream, options = {}) => {
      const { servers = (await cluster()).urls, connection, ...bucket } = options;
      const opened = await openCursors(stream, servers, {
        replicas: settings.servers ?? 1,
        ...bucket,
        ...(connection === undefined ? {} : { connection }),
      });
      links.push(opened.link);
      return opened;
    },
  };
}

/** A cursor store of its own connection. The link is the caller's to close. */
export async function openCursors(
  stream: string,
  servers: readonly string[],
  { connection, ...bucket }: OpenSettings = {},
): Promise<OpenedCursors> {
  const options = { stream, replicas: 1, initialize: true, requestTimeout: 5_000, ...bucket };
  const resolved = resolveNatsOptions({ ...options, servers, ...(connection && { connection }) });
  const link = await NatsLink.open(resolved);
  const cursors = new NatsCursorStore(
    async () => link,
    async () => stream,
    options,
  );
  return { cursors, link };
}

export function owner(id: string): LeaseOwner {
  return { id, host: 'h', pid: 1, boot: null, started: null };
}

export function at(number: number | bigint): Fingerprint {
  return { sequence_number: BigInt(number), hash: `of ${number}` };
}

export function parkedFact(number: number | bigint, error = 'failed'): ParkedFact {
  const time = new Date(Date.UTC(2026, 0, 1) + (Number(number) % 86_400) * 1_000);
  return { sequence_number: BigInt(number), error, attempts: 1, at: time.toISOString() };
}

/** The keys that a bucket holds, by a pattern such as `p.>`. */
export async function keysOf(
  { link }: OpenedCursors,
  stream: string,
  pattern = '>',
): Promise<string[]> {
  const prefix = `$KV.${stream}-cursors.`;
  const { state } = await link.manager.streams.info(`KV_${stream}-cursors`, {
    subjects_filter: prefix + pattern,
  });
  return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
}
