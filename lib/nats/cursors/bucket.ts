import type { KV } from '@nats-io/kv';
import { DatabaseUnavailableError } from '../../contract/errors.js';
import { describeError } from '../../support/describe-error.js';
import { pause, within } from '../../support/async/turns.js';
import type { NatsLink } from '../connection/connection.js';
import { isWrongLastSequence } from '../connection/errors.js';
import { isNameKey, nameKey, newToken } from './keys.js';
import { MissingPartError, decodeValue, emptyValue, encodeValue } from './named-value.js';
import type { NamedValue } from './named-value.js';
import { BucketAccess } from './bucket-access.js';
import type { BucketOptions } from './open-bucket.js';

/** The pause between attempts, in milliseconds. */
const RETRY_MS = 50;
/** How many keys are read, or removed, at a time. */
const AT_ONCE = 256;

interface Known {
  /** 0 for a key that is not there. */
  readonly revision: number;
  /** `undefined` for a key that is not there. */
  readonly text: string | undefined;
}

/** A change that waits for its turn. */
interface Change {
  /** Whether it changes the value; it is called again where that has changed meanwhile. */
  readonly apply: (value: NamedValue) => Promise<boolean>;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
  readonly deadline: number;
}

/**
 * Values by name in a JetStream bucket, and parts: keys whose values never change. A name's value changes only where it
 * still is what the change was made from; a connection that is lost meanwhile, or an election, is waited for. Changes of
 * one name by this process follow one another, and those that wait are written together.
 */
export class Bucket {
  readonly #access: BucketAccess;
  /** What this process wrote, or read, last of each name that it changes. */
  readonly #newest = new Map<string, Known>();
  /** The newest revision that is known of each name: an answer that is older comes from a server that lags behind. */
  readonly #floors = new Map<string, number>();
  /** By key, while one is under way. */
  readonly #waiting = new Map<string, Change[]>();

  constructor(link: () => Promise<NatsLink>, options: BucketOptions) {
    this.#access = new BucketAccess(link, options);
  }

  get name(): string {
    return this.#access.name;
  }

  /** What is stored of a name. */
  async read(name: string): Promise<NamedValue> {
    return valueOf(await this.#read(nameKey(name), this.#access.deadline()));
  }

  /**
   * Changes a name's value. `change` is called with what is stored, and again where that has changed meanwhile;
   * `undefined`: nothing is to be written, and nothing was changed.
   *
   * @returns what the change came to, or `undefined`
   * @throws DatabaseUnavailableError: it may be written nevertheless; StorageFullError, PermissionDeniedError
   */
  change<T>(
    name: string,
    change: (value: NamedValue) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const key = nameKey(name);
    return new Promise((resolve, reject) => {
      let result: T | undefined;
      const waiting = this.#waiting.get(key);
      const made: Change = {
        apply: async (value) => (result = await change(value)) !== undefined,
        done: () => resolve(result),
        failed: reject,
        deadline: this.#access.deadline(),
      };
      if (waiting !== undefined) {
        waiting.push(made);
        return;
      }
      this.#waiting.set(key, [made]);
      void this.#run(key);
    });
  }

  /** Writes a part, whose key is new. */
  async add(key: string, part: unknown): Promise<void> {
    const data = JSON.stringify(part);
    await this.#access.persist(this.#access.deadline(), async (kv, timeout) => {
      await kv.put(key, data, { timeout });
    });
  }

  /** Of several parts, in their order; `undefined` where one was removed. */
  async parts<T>(keys: readonly string[]): Promise<(T | undefined)[]> {
    const deadline = this.#access.deadline();
    const found: (T | undefined)[] = [];
    for (let from = 0; from < keys.length; from += AT_ONCE) {
      const some = keys.slice(from, from + AT_ONCE).map(async (key) => {
        const { text } = await this.#read(key, deadline);
        return text === undefined ? undefined : (JSON.parse(text) as T);
      });
      found.push(...(await Promise.all(some)));
    }
    return found;
  }

  /** Removes parts, by key or by a pattern. What cannot be removed now stays, and is in nobody's way. */
  async remove(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    try {
      const purge = await this.#access.purging();
      for (let from = 0; from < keys.length; from += AT_ONCE) {
        await Promise.all(keys.slice(from, from + AT_ONCE).map(purge));
      }
    } catch {
      // No value names them any more.
    }
  }

  async #run(key: string): Promise<void> {
    for (;;) {
      const changes = this.#waiting.get(key)!;
      if (changes.length === 0) break;
      this.#waiting.set(key, []);
      try {
        await this.#make(key, changes);
        for (const { done } of changes) done();
      } catch (error) {
        for (const { failed } of changes) failed(error);
      }
    }
    this.#waiting.delete(key);
  }

  /** Makes some changes in one write. One that throws is taken out. */
  async #make(key: string, changes: Change[]): Promise<void> {
    const deadline = Math.min(...changes.map((change) => change.deadline));
    let known = this.#newest.get(key);
    for (let isFresh = false; changes.length > 0;) {
      // What this process remembers may be out of date.
      if (known === undefined) [known, isFresh] = [await this.#read(key, deadline), true];
      const value = valueOf(known);
      const applied = await this.#applied(changes, value, isFresh, deadline);
      if (applied === 'outdated') {
        if (isFresh) await pause(Math.random() * RETRY_MS);
        known = undefined;
        continue;
      }
      if (applied === 'failed') continue;
      if (applied === 'unchanged' || (await this.#put(key, known, value, deadline))) return;
      if (performance.now() >= deadline) {
        throw new DatabaseUnavailableError(
          `The cursor store lost every race for a name in the bucket ${this.name}, for ${this.#access.patience} ms.`,
        );
      }
      await pause(Math.random() * RETRY_MS);
      known = undefined;
    }
  }

  async #applied(
    changes: Change[],
    value: NamedValue,
    isFresh: boolean,
    deadline: number,
  ): Promise<'changed' | 'unchanged' | 'outdated' | 'failed'> {
    let count = 0;
    for (const change of changes) {
      try {
        if (await change.apply(value)) count++;
        else if (!isFresh) return 'outdated';
      } catch (error) {
        const isOutdated = error instanceof MissingPartError && performance.now() < deadline;
        if (!isFresh || isOutdated) return 'outdated';
        changes.splice(changes.indexOf(change), 1);
        change.failed(error);
        return 'failed';
      }
    }
    return count > 0 ? 'changed' : 'unchanged';
  }

  /** @returns whether it was written; `false` where the value has changed meanwhile */
  async #put(
    key: string,
    { revision }: Known,
    value: NamedValue,
    deadline: number,
  ): Promise<boolean> {
    const write = newToken();
    const text = encodeValue(write, value);
    let isRefused = false;
    return this.#access.persist(deadline, async (kv, timeout) => {
      try {
        if (!isRefused) {
          const written = await kv.put(key, text, { previousSeq: revision, timeout });
          this.#remember(key, { revision: written, text });
          return true;
        }
      } catch (error) {
        if (!isWrongLastSequence(error)) throw error;
        isRefused = true;
        this.#newest.delete(key);
        this.#raise(key, lastSequenceOf(error));
      }
      // Another writer's, or an attempt of this one whose answer was lost.
      const there = await this.#entry(kv, key, timeout);
      this.#remember(key, there);
      return there.text !== undefined && decodeValue(there.text).write === write;
    });
  }

  async #read(key: string, deadline: number): Promise<Known> {
    return this.#access.persist(deadline, async (kv, timeout) => {
      const entry = await this.#entry(kv, key, timeout);
      if (isNameKey(key)) this.#remember(key, entry);
      return entry;
    });
  }

  #remember(key: string, known: Known): void {
    // Answers may come in another order than they were given.
    if (known.revision < (this.#floors.get(key) ?? 0)) return;
    this.#newest.set(key, known);
    this.#raise(key, known.revision);
  }

  #raise(key: string, revision: number): void {
    this.#floors.set(key, Math.max(this.#floors.get(key) ?? 0, revision));
  }

  async #entry(kv: KV, key: string, timeout: number): Promise<Known> {
    const floor = this.#floors.get(key) ?? 0;
    let entry: Awaited<ReturnType<KV['get']>> = null;
    const isInTime = await within(
      timeout,
      kv.get(key).then((found) => (entry = found)),
    );
    if (!isInTime) throw new Error(`no answer within ${Math.round(timeout)} ms`);
    const { revision, text } = known(entry);
    if (revision < floor) throw new Error('the server that answered lags behind');
    return { revision, text };
  }
}

function valueOf({ text }: Known): NamedValue {
  return text === undefined ? emptyValue() : decodeValue(text).value;
}

function known(entry: Awaited<ReturnType<KV['get']>>): Known {
  if (entry === null) return { revision: 0, text: undefined };
  const { revision, operation } = entry;
  return { revision, text: operation === 'PUT' ? entry.string() : undefined };
}

/** What a refusal says that the last revision is; 0 where it does not say. */
function lastSequenceOf(error: unknown): number {
  return Number(/wrong last sequence: (\d+)/.exec(describeError(error))?.[1] ?? 0);
}
