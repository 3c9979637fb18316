import type { KV } from '@nats-io/kv';
import { DatabaseUnavailableError } from '../../contract/errors.js';
import { pause } from '../../support/async/turns.js';
import { ATTEMPT_MS } from '../connection/connection.js';
import type { NatsLink } from '../connection/connection.js';
import { requestError } from '../connection/errors.js';
import { bucketName, openBucket } from './open-bucket.js';
import type { BucketOptions } from './open-bucket.js';

/** The pause between attempts, in milliseconds. */
const RETRY_MS = 50;

/** Reaches the bucket: a connection that is lost, or an election, is waited for. */
export class BucketAccess {
  readonly #link: () => Promise<NatsLink>;
  readonly #options: BucketOptions;
  #kv: Promise<KV> | undefined;

  constructor(link: () => Promise<NatsLink>, options: BucketOptions) {
    this.#link = link;
    this.#options = options;
  }

  get name(): string {
    return bucketName(this.#options.stream);
  }

  /** How long a call may take, in milliseconds. */
  get patience(): number {
    return 2 * this.#options.requestTimeout;
  }

  deadline(): number {
    return performance.now() + this.patience;
  }

  /** A function that removes what a key, or a pattern, names. */
  async purging(): Promise<(key: string) => Promise<unknown>> {
    const { manager } = await this.#link();
    return (key) => manager.streams.purge(`KV_${this.name}`, { filter: `$KV.${this.name}.${key}` });
  }

  /** Repeats what may be repeated while servers do not answer. */
  async persist<T>(deadline: number, work: (kv: KV, timeout: number) => Promise<T>): Promise<T> {
    for (;;) {
      let failure: unknown;
      let isClosed = false;
      try {
        const { isConnected, connection } = await this.#link();
        isClosed = connection.isClosed();
        const left = deadline - performance.now();
        // What is sent without a connection would wait in this process, and be written at any later time.
        if (isConnected) {
          return await work(
            await this.#bucket(),
            Math.max(100, Math.min(left, ATTEMPT_MS, this.patience / 4)),
          );
        }
      } catch (error) {
        const told = requestError(error, 'The cursor store', this.name);
        if (!(told instanceof DatabaseUnavailableError)) throw told;
        failure = told;
      }
      if (isClosed || performance.now() >= deadline) {
        throw (
          failure ?? new DatabaseUnavailableError('The cursor store has no connection to NATS.')
        );
      }
      await pause(RETRY_MS);
    }
  }

  #bucket(): Promise<KV> {
    if (this.#kv === undefined) {
      this.#kv = this.#link().then((link) => openBucket(link, this.#options));
      this.#kv.catch(() => (this.#kv = undefined));
    }
    return this.#kv;
  }
}
