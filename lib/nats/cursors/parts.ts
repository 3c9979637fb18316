import type { Bucket } from './bucket.js';
import { decodeChunk, encodeChunk } from './named-value.js';
import type { NamedValue, StoredEntry } from './named-value.js';
import { MissingPartError } from './named-value.js';
import type { JournalPage } from './journal.js';
import { journalKey, newToken, parkedKey, parkedKeys } from './keys.js';
import type { Chunk } from './parked-index.js';

/** How many chunks of parked facts are kept in memory. */
const MAX_CHUNKS = 8;

/** The chunks that were used last, by their keys: they never change. */
export class ChunkCache {
  readonly #chunks = new Map<string, Chunk>();

  get(key: string): Chunk | undefined {
    return this.#chunks.get(key);
  }

  set(key: string, chunk: Chunk): void {
    this.#chunks.delete(key);
    this.#chunks.set(key, chunk);
    const [oldest] = this.#chunks.keys();
    if (this.#chunks.size > MAX_CHUNKS) this.#chunks.delete(oldest!);
  }
}

/**
 * The parts of a name's value during one change of it. What it wrote, and what the change no longer names, is removed
 * when it is known what the value came to: the change may have been made several times.
 */
export class Parts {
  readonly #bucket: Bucket;
  readonly #name: string;
  readonly #chunks: ChunkCache;
  /** The generations that were discarded. */
  readonly #discarded = new Set<string>();
  /** Keys of chunks and pages, each with whether a value names it. */
  readonly #suspects = new Map<string, (value: NamedValue) => boolean>();

  constructor(bucket: Bucket, name: string, chunks: ChunkCache) {
    this.#bucket = bucket;
    this.#name = name;
    this.#chunks = chunks;
  }

  /** Reads the chunk in which a number may be. */
  async load({ stream }: NamedValue, number: bigint): Promise<void> {
    await stream?.parked.load(number, this.#chunkReader(stream.parked.generation));
  }

  /** Whether the journal has an intervention of the last seconds. */
  isRecorded({ journal }: NamedValue, token: string): Promise<boolean> {
    return journal.has(token, this.#readPage);
  }

  /** Makes what has grown small again, before it is written. */
  async fold({ stream, journal }: NamedValue): Promise<void> {
    await journal.fold(async (page) => {
      const token = newToken();
      const key = journalKey(this.#name, token);
      await this.#bucket.add(key, page);
      this.#suspects.set(key, (value) => value.journal.page === token);
      return token;
    });
    if (stream === null) return;
    const { parked } = stream;
    const { generation, chunks: before } = parked;
    await parked.fold(this.#chunkReader(generation), async (chunk) => {
      const token = newToken();
      const key = parkedKey(this.#name, generation, token);
      await this.#bucket.add(key, encodeChunk(chunk));
      this.#chunks.set(key, chunk);
      this.#suspectChunk(generation, token);
      return token;
    });
    for (const { token } of before) {
      if (!parked.chunks.some((chunk) => chunk.token === token)) {
        this.#suspectChunk(generation, token);
      }
    }
  }

  /** Tells that a parked fact's part may have lost its name. */
  suspectFact(generation: string, number: bigint, token: string): void {
    this.#suspects.set(
      parkedKey(this.#name, generation, token),
      ({ stream }) =>
        stream?.parked.generation === generation && stream.parked.get(number)?.token === token,
    );
  }

  suspectGeneration(generation: string): void {
    this.#discarded.add(generation);
  }

  /** Removes what a value does not name, which was read after all that this change wrote, or is what it wrote. */
  async tidy(value: NamedValue): Promise<void> {
    const generation = value.stream?.parked.generation;
    await this.#bucket.remove([
      ...[...this.#discarded].flatMap((one) =>
        one === generation ? [] : [parkedKeys(this.#name, one)],
      ),
      ...[...this.#suspects].flatMap(([key, isNamed]) => (isNamed(value) ? [] : [key])),
    ]);
  }

  /** All parked facts' tokens, by number. */
  all(stream: NonNullable<NamedValue['stream']>): ReturnType<typeof stream.parked.all> {
    return stream.parked.all(this.#chunkReader(stream.parked.generation));
  }

  /** All interventions' tokens, oldest first. */
  interventions({ journal }: NamedValue): Promise<string[]> {
    return journal.all(this.#readPage);
  }

  #suspectChunk(generation: string, token: string): void {
    this.#suspects.set(parkedKey(this.#name, generation, token), ({ stream }) =>
      stream!.parked.chunks.some((chunk) => chunk.token === token),
    );
  }

  readonly #readPage = (token: string): Promise<JournalPage> =>
    this.#read<JournalPage>(journalKey(this.#name, token));

  #chunkReader(generation: string): (token: string) => Promise<Chunk> {
    return async (token) => {
      const key = parkedKey(this.#name, generation, token);
      const chunk =
        this.#chunks.get(key) ?? decodeChunk(await this.#read<readonly StoredEntry[]>(key));
      this.#chunks.set(key, chunk);
      return chunk;
    };
  }

  async #read<T>(key: string): Promise<T> {
    const [part] = await this.#bucket.parts<T>([key]);
    if (part !== undefined) return part;
    throw new MissingPartError(
      `The bucket ${this.#bucket.name} lacks a part of what it says of ${JSON.stringify(this.#name)}.`,
    );
  }
}
