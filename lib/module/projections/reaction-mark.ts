import type { CursorStore, StoredStream } from '../../cursors/cursor-store.js';

/** What is kept with the mark, in the place of a query. */
interface Kept {
  /** The versions that react. */
  readonly versions: readonly number[];
  /** Facts up to the mark that were parked, and so were not reacted to. */
  readonly except: readonly string[];
}

/** Attempts to write the mark while other processes write it too. */
const MAX_ATTEMPTS = 10;

/**
 * Which facts a projection has reacted to, whichever of its versions did. A fact was reacted to when a version's cursor
 * has passed it. The mark is where a cursor stood before it was moved back; it is kept beside the fact store's cursors,
 * under a name of its own.
 */
export class ReactionMark {
  readonly #cursorStore: CursorStore;
  readonly #own: CursorStore;
  readonly #name: string;
  readonly #version: number;
  readonly #cursorOf: (version: number) => string;

  /**
   * @param cursorStore the fact store's
   * @param own the one that has the projection's cursor
   */
  constructor(
    cursorStore: CursorStore,
    own: CursorStore,
    { name, version }: { readonly name: string; readonly version: number },
    cursorOf: (version: number) => string,
  ) {
    this.#cursorStore = cursorStore;
    this.#own = own;
    this.#name = `nestjs-factstr reactions of ${name}`;
    this.#version = version;
    this.#cursorOf = cursorOf;
  }

  /** Whether the fact was reacted to before. The projection counts as one that reacts from now on. */
  async covers(number: bigint): Promise<boolean> {
    const stored = await this.#cursorStore.find(this.#name);
    const { versions, except } = keptOf(stored);
    if (!versions.includes(this.#version)) await this.register();
    if (stored !== undefined && stored.position >= number && !except.includes(String(number))) {
      return true;
    }
    for (const version of versions) {
      if (version !== this.#version && (await this.#hasPassed(this.#cursorOf(version), number))) {
        return true;
      }
    }
    return false;
  }

  /** Has this version counted among those that react. */
  async register(): Promise<void> {
    await this.#write((position, kept) => ({
      position,
      kept: { ...kept, versions: [...new Set([...kept.versions, this.#version])].sort(ascending) },
    }));
  }

  /** Before the projection's cursor is moved back: what it has passed was reacted to. */
  async raise(): Promise<void> {
    if ((await this.#cursorStore.find(this.#name)) === undefined) return;
    const cursor = this.#cursorOf(this.#version);
    const passed = (await this.#own.find(cursor))?.position ?? 0n;
    const parked = (await this.#own.parked(cursor)).map(({ sequence_number }) => sequence_number);
    await this.#write((position, { versions, except }) => {
      const before = except.map(BigInt).filter((one) => one > passed || parked.includes(one));
      const now = parked.filter((one) => one > position);
      return {
        position: passed > position ? passed : position,
        kept: { versions, except: [...new Set([...before, ...now])].map(String) },
      };
    });
  }

  async #hasPassed(cursor: string, number: bigint): Promise<boolean> {
    for (const store of new Set([this.#own, this.#cursorStore])) {
      const stored = await store.find(cursor);
      if (stored === undefined || stored.position < number) continue;
      const parked = stored.parkedCount > 0 ? await store.parked(cursor) : [];
      if (!parked.some(({ sequence_number }) => sequence_number === number)) return true;
    }
    return false;
  }

  /** Read again after it was written: another process may have written at the same time. */
  async #write(
    change: (position: bigint, kept: Kept) => { position: bigint; kept: Kept },
  ): Promise<void> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const text = JSON.stringify({ versions: [], except: [] });
      const stored =
        (await this.#cursorStore.find(this.#name)) ??
        (await this.#cursorStore.open(this.#name, text, 0n));
      const { position, kept } = change(stored.position, keptOf(stored));
      const queryText = JSON.stringify(kept);
      if (stored.position === position && stored.query_text === queryText) return;
      await this.#cursorStore.intervene(this.#name, {
        verb: 'reset',
        by: null,
        position,
        queryText,
      });
    }
  }
}

function ascending(one: number, other: number): number {
  return one - other;
}

function keptOf(stored: StoredStream | undefined): Kept {
  return stored === undefined
    ? { versions: [], except: [] }
    : (JSON.parse(stored.query_text) as Kept);
}
