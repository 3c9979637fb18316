import { randomUUID } from 'node:crypto';
import type { KV } from '@nats-io/kv';
import {
  DatabaseUnavailableError,
  ForeignDatabaseError,
  SchemaMissingError,
} from '../../contract/errors.js';
import { pause } from '../../support/async/turns.js';
import { ATTEMPT_MS } from '../connection/connection.js';
import type { NatsLink } from '../connection/connection.js';
import { loadNatsDriver } from '../connection/driver.js';
import { isStreamMissing, isWrongLastSequence, requestError } from '../connection/errors.js';
import { decodeValue, emptyValue, encodeValue } from './named-value.js';
import type { NamedValue } from './named-value.js';

/** Where the cursors are. Times in milliseconds. */
export interface BucketOptions {
  readonly stream: string;
  readonly replicas: number;
  readonly initialize: boolean;
  readonly requestTimeout: number;
}

/** The pause between attempts, in milliseconds. */
const RETRY_MS = 50;
/** How many values are read, or removed, at a time. */
const AT_ONCE = 64;

interface Known {
  /** 0 for a key that is not there. */
  readonly revision: number;
  /** `undefined` for a key that is not there. */
  readonly text: string | undefined;
}

/**
 * Values by name in a JetStream bucket. A value changes only where it still is what the change was made from; a
 * connection that is lost meanwhile, or an election, is waited for.
 */
export class Bucket {
  readonly #link: () => Promise<NatsLink>;
  readonly #options: BucketOptions;
  #kv: Promise<KV> | undefined;
  /** The newest that was seen of each name: an answer that is older comes from a server that lags behind. */
  readonly #newest = new Map<string, Known>();

  constructor(link: () => Promise<NatsLink>, options: BucketOptions) {
    this.#link = link;
    this.#options = options;
  }

  /** Of the bucket. */
  get name(): string {
    return `${this.#options.stream}-cursors`;
  }

  get #stream(): string {
    return `KV_${this.name}`;
  }

  /** What is stored of a name. */
  async read(name: string): Promise<NamedValue> {
    const { text } = await this.#read(keyOf(name));
    return text === undefined ? emptyValue() : decodeValue(text).value;
  }

  /**
   * Changes a name's value. `change` is called with what is stored, and again where that has changed meanwhile;
   * `undefined`: nothing is to be written.
   *
   * @returns what the change came to, or `undefined`
   * @throws DatabaseUnavailableError: it may be written nevertheless; StorageFullError, PermissionDeniedError
   */
  async change<T>(
    name: string,
    change: (value: NamedValue) => T | undefined,
  ): Promise<T | undefined> {
    const key = keyOf(name);
    const deadline = this.#deadline();
    let known = this.#newest.get(key);
    for (let isFresh = false; ;) {
      known ??= await this.#read(key, deadline);
      const value = known.text === undefined ? emptyValue() : decodeValue(known.text).value;
      const result = change(value);
      if (result === undefined) {
        if (isFresh) return undefined;
        // What this process remembers may be out of date.
        [known, isFresh] = [await this.#read(key, deadline), true];
        continue;
      }
      if (await this.#put(key, known, value, deadline)) return result;
      if (performance.now() >= deadline) {
        throw new DatabaseUnavailableError(
          `The cursor store lost every race for a name in the bucket ${this.name}. Nothing was written.`,
        );
      }
      await pause(Math.random() * RETRY_MS);
      [known, isFresh] = [undefined, true];
    }
  }

  /** Writes a value that never changes under a key that is new. */
  async add(name: string, token: string, detail: object): Promise<void> {
    const data = JSON.stringify(detail);
    await this.#persist(this.#deadline(), async (kv, timeout) => {
      await kv.put(detailKey(name, token), data, { timeout });
    });
  }

  /** Of several such values, in their order; `undefined` where one was removed. */
  async details<T>(name: string, tokens: readonly string[]): Promise<(T | undefined)[]> {
    const deadline = this.#deadline();
    const found: (T | undefined)[] = [];
    for (let from = 0; from < tokens.length; from += AT_ONCE) {
      const part = tokens.slice(from, from + AT_ONCE).map(async (token) => {
        const { text } = await this.#read(detailKey(name, token), deadline);
        return text === undefined ? undefined : (JSON.parse(text) as T);
      });
      found.push(...(await Promise.all(part)));
    }
    return found;
  }

  /** Removes such values. What cannot be removed now stays, and is in nobody's way. */
  async remove(name: string, tokens: readonly string[]): Promise<void> {
    try {
      const { manager } = await this.#link();
      const purge = (token: string): Promise<unknown> =>
        manager.streams.purge(this.#stream, {
          filter: `$KV.${this.name}.${detailKey(name, token)}`,
        });
      for (let from = 0; from < tokens.length; from += AT_ONCE) {
        await Promise.all(tokens.slice(from, from + AT_ONCE).map(purge));
      }
    } catch {
      // No value names them any more.
    }
  }

  /** @returns whether it was written; `false` where the value has changed meanwhile */
  async #put(
    key: string,
    { revision }: Known,
    value: NamedValue,
    deadline: number,
  ): Promise<boolean> {
    const write = randomUUID().slice(0, 13);
    const text = encodeValue(write, value);
    return this.#persist(deadline, async (kv, timeout) => {
      try {
        const written = await kv.put(key, text, { previousSeq: revision, timeout });
        this.#newest.set(key, { revision: written, text });
        return true;
      } catch (error) {
        if (!isWrongLastSequence(error)) throw error;
      }
      // Another writer's, or an attempt of this one whose answer was lost.
      this.#newest.delete(key);
      const there = await this.#entry(kv, key);
      if (there.text === undefined || decodeValue(there.text).write !== write) return false;
      this.#newest.set(key, there);
      return true;
    });
  }

  async #read(key: string, deadline = this.#deadline()): Promise<Known> {
    return this.#persist(deadline, async (kv) => {
      const entry = await this.#entry(kv, key);
      const newest = this.#newest.get(key);
      if (newest !== undefined && entry.revision < newest.revision) {
        throw new Error('the server that answered lags behind');
      }
      if (this.#newest.has(key)) this.#newest.set(key, entry);
      return entry;
    });
  }

  async #entry(kv: KV, key: string): Promise<Known> {
    const entry = await kv.get(key);
    if (entry === null) return { revision: 0, text: undefined };
    const { revision, operation } = entry;
    return { revision, text: operation === 'PUT' ? entry.string() : undefined };
  }

  /** Repeats what may be repeated while servers do not answer. */
  async #persist<T>(deadline: number, work: (kv: KV, timeout: number) => Promise<T>): Promise<T> {
    for (;;) {
      let failure: unknown;
      try {
        const { isConnected } = await this.#link();
        const left = deadline - performance.now();
        // What is sent without a connection would wait in this process, and be written at any later time.
        if (isConnected) {
          return await work(await this.#bucket(), Math.max(100, Math.min(left, ATTEMPT_MS)));
        }
      } catch (error) {
        const told = requestError(error, 'The cursor store', this.name);
        if (!(told instanceof DatabaseUnavailableError)) throw told;
        failure = told;
      }
      if (performance.now() >= deadline) {
        throw (
          failure ?? new DatabaseUnavailableError(`The cursor store lost the connection to NATS.`)
        );
      }
      await pause(RETRY_MS);
    }
  }

  get #patience(): number {
    return 2 * this.#options.requestTimeout;
  }

  #deadline(): number {
    return performance.now() + this.#patience;
  }

  #bucket(): Promise<KV> {
    this.#kv ??= this.#open();
    this.#kv.catch(() => (this.#kv = undefined));
    return this.#kv;
  }

  /** @throws SchemaMissingError, ForeignDatabaseError */
  async #open(): Promise<KV> {
    const { client, manager } = await this.#link();
    const { kv } = await loadNatsDriver();
    const { replicas, initialize, requestTimeout: timeout } = this.#options;
    const buckets = new kv.Kvm(client);
    const isThere = await manager.streams.info(this.#stream).then(
      () => true,
      (error: unknown) => {
        if (isStreamMissing(error)) return false;
        throw error;
      },
    );
    if (!isThere && !initialize) {
      throw new SchemaMissingError(
        `There is no bucket ${this.name} for the cursors of the stream ${this.#options.stream}. Create it as docs/nats.md says, or leave initialize out.`,
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
    const bucket = await (isThere
      ? buckets.open(this.name, { timeout })
      : buckets.create(this.name, settings));
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
    }).flatMap(([name, isRight]) => (isRight ? [] : [name]));
    if (wrong.length === 0) return bucket;
    throw new ForeignDatabaseError(
      `The bucket ${this.name} would not keep cursors: its settings ${wrong.join(', ')} are others than those of a bucket that this package creates. Nothing was changed. Set them as docs/nats.md says.`,
    );
  }
}

/** A bucket's keys are letters, digits and a few signs. */
function keyOf(name: string): string {
  return `n.${Buffer.from(name).toString('base64url')}`;
}

function detailKey(name: string, token: string): string {
  return `d.${Buffer.from(name).toString('base64url')}.${token}`;
}
