import type { RecordedIntervention } from '../../cursors/cursor-store.js';
import { storableBy } from '../../cursors/cursor-texts.js';
import type { Bucket } from './bucket.js';
import { journalKey, newToken } from './keys.js';
import { MissingPartError } from './named-value.js';
import type { NamedValue } from './named-value.js';
import { ChunkCache, Parts } from './parts.js';

export type Stream = NonNullable<NamedValue['stream']>;

/** What a part says of an intervention. */
export type InterventionDetail = Omit<RecordedIntervention, 'position'> & {
  readonly position: string | null;
};

/** How often a name's parts are looked at that others remove meanwhile. */
const MAX_LOOKS = 100;

/** Reads and changes the values of names together with their parts. */
export class Names {
  readonly #chunks = new ChunkCache();

  constructor(readonly bucket: Bucket) {}

  /** Keeps an intervention under a key of its own, which no value names yet. */
  async recorded(
    name: string,
    verb: string,
    by: string | null,
    position?: bigint,
  ): Promise<string> {
    const token = newToken();
    const detail: InterventionDetail = {
      verb,
      by: storableBy(by),
      position: position?.toString() ?? null,
      at: new Date().toISOString(),
    };
    await this.bucket.add(journalKey(name, token), detail);
    return token;
  }

  async fenced(
    name: string,
    epoch: bigint,
    write: (stream: Stream, value: NamedValue) => void,
  ): Promise<boolean> {
    const written = await this.bucket.change(name, async (value) => {
      const { stream } = value;
      if (stream?.epoch !== epoch) return undefined;
      write(stream, value);
      return true;
    });
    return written === true;
  }

  /** Changes what has parts. */
  async change<T>(
    name: string,
    change: (value: NamedValue, parts: Parts) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const parts = this.#parts(name);
    let last: NamedValue | undefined;
    const result = await this.bucket.change(name, async (value) => {
      last = value;
      const changed = await change(value, parts);
      if (changed !== undefined) await parts.fold(value);
      return changed;
    });
    await parts.tidy(last!);
    return result;
  }

  /** Reads what has parts; `look` answers `undefined` where one is not there. */
  async looked<T>(
    name: string,
    look: (value: NamedValue, parts: Parts) => Promise<T | undefined>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const found = await look(await this.bucket.read(name), this.#parts(name));
        if (found !== undefined) return found;
      } catch (error) {
        if (!(error instanceof MissingPartError) || attempt >= MAX_LOOKS) throw error;
      }
      if (attempt >= MAX_LOOKS) {
        throw new MissingPartError(
          `The bucket ${this.bucket.name} lacks a part of what it says of ${JSON.stringify(name)}.`,
        );
      }
    }
  }

  #parts(name: string): Parts {
    return new Parts(this.bucket, name, this.#chunks);
  }
}
