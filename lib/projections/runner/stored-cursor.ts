import type { PreparedQuery } from '../../contract/validation.js';
import { queryText } from '../../matching/query-text.js';
import type { StoredStream } from '../../cursors/cursor-store.js';
import type { LogSource } from '../../streams/log-source.js';
import type { ProjectionCommit } from '../delivery/commit.js';
import type { Projection } from '../projection.js';

/** Finds a projection's stored cursor, or makes it. */
export class StoredCursor {
  readonly #source: LogSource;
  readonly #projection: Projection;
  readonly #query: PreparedQuery;
  readonly #commits: ProjectionCommit;
  #opened = false;

  constructor(
    source: LogSource,
    projection: Projection,
    query: PreparedQuery,
    commits: ProjectionCommit,
  ) {
    this.#source = source;
    this.#projection = projection;
    this.#query = query;
    this.#commits = commits;
  }

  /** Opens the cursor, once in each process: that checks the batches' boundaries, and completes what FACTSTR began. */
  async open({ resets = false } = {}): Promise<StoredStream> {
    const { name } = this.#projection;
    const { cursorStore } = this.#commits;
    const known = await cursorStore.find(name);
    if (known !== undefined && this.#opened) return known;
    if (!resets) await this.#commits.admit(name, known);
    const start = known === undefined ? await this.#start() : 0n;
    const stored = await cursorStore.open(name, queryText(this.#query), start);
    this.#opened = true;
    return stored;
  }

  /** The cursor's row may be gone, as after a restore: the next `open` makes it anew. */
  reopen(): void {
    this.#opened = false;
  }

  async #start(): Promise<bigint> {
    const { startFrom = 'beginning' } = this.#projection;
    if (startFrom === 'beginning') return 0n;
    return startFrom === 'now' ? this.#source.head() : startFrom;
  }
}
