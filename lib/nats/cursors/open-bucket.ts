import type { KV } from '@nats-io/kv';
import { ForeignDatabaseError, SchemaMissingError } from '../../contract/errors.js';
import type { NatsLink } from '../connection/connection.js';
import { loadNatsDriver } from '../connection/driver.js';
import { isStreamMissing } from '../connection/errors.js';

/** Where the cursors are. Times in milliseconds. */
export interface BucketOptions {
  readonly stream: string;
  readonly replicas: number;
  readonly initialize: boolean;
  readonly requestTimeout: number;
}

/** Of the cursors of a log. */
export function bucketName(stream: string): string {
  return `${stream}-cursors`;
}

/**
 * The bucket, which is created where that is allowed.
 *
 * @throws SchemaMissingError, ForeignDatabaseError
 */
export async function openBucket(
  { client, manager }: NatsLink,
  { stream, replicas, initialize, requestTimeout: timeout }: BucketOptions,
): Promise<KV> {
  const { kv } = await loadNatsDriver();
  const name = bucketName(stream);
  const buckets = new kv.Kvm(client);
  const isThere = await manager.streams.info(`KV_${name}`).then(
    () => true,
    (error: unknown) => {
      if (isStreamMissing(error)) return false;
      throw error;
    },
  );
  if (!isThere && !initialize) {
    throw new SchemaMissingError(
      `There is no bucket ${name} for the cursors of the stream ${stream}. Create it as docs/nats.md says, or leave initialize out.`,
    );
  }
  const settings = {
    description: 'Cursors and leases (nestjs-factstr)',
    replicas,
    history: 1,
    storage: 'file' as const,
    // Any replica may answer such reads, also one that lags behind.
    allow_direct: false,
    timeout,
  };
  const bucket = await (isThere ? buckets.open(name, { timeout }) : buckets.create(name, settings));
  const { config } = (await bucket.status()).streamInfo;
  const wrong = Object.entries({
    storage: config.storage === 'file',
    max_age: (config.max_age ?? 0) === 0,
    max_msgs: (config.max_msgs ?? -1) <= 0,
    max_bytes: (config.max_bytes ?? -1) <= 0,
    max_msg_size: (config.max_msg_size ?? -1) <= 0,
    allow_direct: !config.allow_direct,
    mirror: config.mirror === undefined,
    sources: (config.sources?.length ?? 0) === 0,
  }).flatMap(([setting, isRight]) => (isRight ? [] : [setting]));
  if (wrong.length === 0) return bucket;
  throw new ForeignDatabaseError(
    `The bucket ${name} would not keep cursors: its settings ${wrong.join(', ')} are others than those of a bucket that this package creates. Nothing was changed. Set them as docs/nats.md says.`,
  );
}
