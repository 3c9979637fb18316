import { earliest } from '../../cursors/stream-state.js';
import type { ParkedSet } from '../../cursors/stream-state.js';
import { StorageError } from '../../contract/errors.js';
import { newToken } from './keys.js';

/** How many changes a value holds itself before they are moved into chunks. */
const MAX_RECENT = 64;
/** Of facts. */
const CHUNK_SIZE = 1_000;

/** What the index says of a parked fact; the rest has a key of its own. */
export interface ParkedEntry {
  /** Names that key. */
  readonly token: string;
  readonly at: string;
}

/** Entries by the facts' numbers, in order: a part that never changes. */
export type Chunk = ReadonlyMap<bigint, ParkedEntry>;

/** What a value says of a chunk. */
export interface ChunkEntry {
  readonly token: string;
  readonly first: bigint;
  readonly last: bigint;
  /** Of the entries that no recent change overrides. */
  count: number;
  since: string | null;
}

/**
 * A name's parked facts: sorted chunks, which do not overlap and are parts of their own, and the recent changes to them.
 * So the value stays small, and says nevertheless how many there are, since when.
 */
export class ParkedIndex implements ParkedSet {
  readonly #loaded = new Map<string, Chunk>();

  constructor(
    /** All keys of parked facts and chunks begin with it, until all are discarded. */
    public generation: string,
    /** `null`: the chunk's entry does not count any more. */
    readonly recent: Map<bigint, ParkedEntry | null>,
    public chunks: readonly ChunkEntry[],
  ) {}

  get size(): number {
    return this.chunks.reduce((sum, { count }) => sum + count, this.#kept().length);
  }

  get since(): string | null {
    const chunks = this.chunks.flatMap(({ since }) => (since === null ? [] : [{ at: since }]));
    return earliest([...chunks, ...this.#kept()]);
  }

  /** Loads what `get`, `set` and `delete` need for a number. */
  async load(number: bigint, read: (token: string) => Promise<Chunk>): Promise<void> {
    const chunk = this.#chunkOf(number);
    if (chunk !== undefined) this.#loaded.set(chunk.token, await read(chunk.token));
  }

  get(number: bigint): ParkedEntry | undefined {
    const recent = this.recent.get(number);
    return recent === undefined ? this.#inChunk(number)?.entry : (recent ?? undefined);
  }

  set(number: bigint, entry: ParkedEntry): void {
    this.#override(number, entry);
  }

  delete(number: bigint): void {
    if (this.#inChunk(number) === undefined) this.recent.delete(number);
    else this.#override(number, null);
  }

  clear(): void {
    this.recent.clear();
    this.chunks = [];
    this.generation = newToken();
  }

  /** All, by their numbers. */
  async all(read: (token: string) => Promise<Chunk>): Promise<Map<bigint, ParkedEntry>> {
    const chunks = await Promise.all(this.chunks.map(({ token }) => read(token)));
    const all = new Map(chunks.flatMap((chunk) => [...chunk]));
    return inOrder(overridden(all, this.recent));
  }

  /** Moves the recent changes into chunks, where they have become many. `write` answers with a chunk's token. */
  async fold(
    read: (token: string) => Promise<Chunk>,
    write: (chunk: Chunk) => Promise<string>,
  ): Promise<void> {
    if (this.recent.size <= MAX_RECENT) return;
    const changes = new Map<ChunkEntry | undefined, Map<bigint, ParkedEntry | null>>();
    for (const [number, entry] of this.recent) {
      const chunk = this.chunks.findLast(({ first }) => first <= number) ?? this.chunks[0];
      const some = changes.get(chunk) ?? new Map<bigint, ParkedEntry | null>();
      changes.set(chunk, some.set(number, entry));
    }
    const chunks: ChunkEntry[] = [];
    for (const chunk of this.chunks.length === 0 ? [undefined] : this.chunks) {
      const some = changes.get(chunk);
      if (some === undefined) chunks.push(chunk!);
      else {
        const before =
          chunk === undefined ? new Map<bigint, ParkedEntry>() : await read(chunk.token);
        const entries = [...inOrder(overridden(new Map(before), some))];
        const isLast = chunk === this.chunks.at(-1);
        for (const piece of pieces(entries, isLast)) {
          const written = new Map(piece);
          const token = await write(written);
          this.#loaded.set(token, written);
          chunks.push(chunkEntry(token, piece));
        }
      }
    }
    this.chunks = chunks;
    this.recent.clear();
  }

  #kept(): ParkedEntry[] {
    return [...this.recent.values()].filter((entry) => entry !== null);
  }

  #override(number: bigint, entry: ParkedEntry | null): void {
    const there = this.#inChunk(number);
    const isFirst = !this.recent.has(number);
    this.recent.set(number, entry);
    if (there === undefined || !isFirst) return;
    const left = [...there.all].flatMap(([key, value]) => (this.recent.has(key) ? [] : [value]));
    there.chunk.count = left.length;
    there.chunk.since = earliest(left);
  }

  #chunkOf(number: bigint): ChunkEntry | undefined {
    return this.chunks.find(({ first, last }) => first <= number && number <= last);
  }

  #inChunk(number: bigint): { chunk: ChunkEntry; all: Chunk; entry: ParkedEntry } | undefined {
    const chunk = this.#chunkOf(number);
    if (chunk === undefined) return undefined;
    const all = this.#loaded.get(chunk.token);
    if (all === undefined) throw new StorageError('A chunk of parked facts was not loaded.');
    const entry = all.get(number);
    return entry && { chunk, all, entry };
  }
}

function overridden(
  entries: Map<bigint, ParkedEntry>,
  changes: ReadonlyMap<bigint, ParkedEntry | null>,
): Map<bigint, ParkedEntry> {
  for (const [number, entry] of changes) {
    if (entry === null) entries.delete(number);
    else entries.set(number, entry);
  }
  return entries;
}

function inOrder(entries: Map<bigint, ParkedEntry>): Map<bigint, ParkedEntry> {
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of chunks' sizes. Facts are parked in order mostly: the last chunk is filled, others are halved. */
function pieces<T>(entries: readonly T[], isLast: boolean): T[][] {
  const count = Math.ceil(entries.length / CHUNK_SIZE);
  const size = isLast ? CHUNK_SIZE : Math.ceil(entries.length / count);
  return Array.from({ length: count }, (_, piece) =>
    entries.slice(piece * size, (piece + 1) * size),
  );
}

function chunkEntry(token: string, piece: readonly (readonly [bigint, ParkedEntry])[]): ChunkEntry {
  return {
    token,
    first: piece[0]![0],
    last: piece.at(-1)![0],
    count: piece.length,
    since: earliest(piece.map(([, entry]) => entry)),
  };
}
