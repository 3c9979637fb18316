import type { CursorStore } from '../../cursors/cursor-store.js';
import { CommitSignal } from '../../streams/commit-signal.js';
import type { CommittedBatch, FactMark, LogPage, LogSource } from '../../streams/log-source.js';
import type { LogView } from '../../streams/log-view.js';

/** The log as streams walk it: the view's, once it is open. */
export class NatsLog implements LogSource {
  readonly cursorStore: CursorStore;
  readonly #view: () => Promise<LogView>;
  readonly #upToDate: () => Promise<LogView>;
  readonly #commits = new CommitSignal();

  /**
   * @param view resolves with the view, which stands where the log stood when it was opened, at least
   * @param upToDate resolves with the view as queries see it: the log's end is asked for by it
   */
  constructor(
    view: () => Promise<LogView>,
    upToDate: () => Promise<LogView>,
    cursorStore: CursorStore,
  ) {
    this.#view = view;
    this.#upToDate = upToDate;
    this.cursorStore = cursorStore;
  }

  async head(): Promise<bigint> {
    return (await this.#upToDate()).source.head();
  }

  async newest(): Promise<FactMark | null> {
    return (await this.#upToDate()).source.newest();
  }

  async readBatches(after: bigint, limit: number): Promise<CommittedBatch[]> {
    return (await this.#view()).source.readBatches(after, limit);
  }

  async readPage(after: bigint, limit: number): Promise<LogPage> {
    return (await this.#view()).source.readPage(after, limit);
  }

  onCommit(wake: (first?: bigint) => void): () => void {
    return this.#commits.on(wake);
  }

  /** The view has more facts. `first`: of those that this process appended, if any. */
  committed(first: bigint | undefined): void {
    this.#commits.emit(first);
  }
}
