import type { RecordedAppend } from '../../contract/append-id.js';
import { outcomeOf } from '../../contract/append-request.js';
import type { AppendOutcome } from '../../contract/append-request.js';
import type { MetadataReader, QueryResult } from '../../contract/contract.types.js';
import { StorageError, StoreClosedError } from '../../contract/errors.js';
import type { PreparedPage } from '../../contract/query-page.js';
import type { ContextQuery } from '../../context-index/terms/context-plan.js';
import { CommitSignal } from '../../streams/commit-signal.js';
import type {
  FollowedGroup,
  FollowedOutcomes,
  LogView,
  LogViewOptions,
} from '../../streams/log-view.js';
import type { ContextsRead } from '../../streams/store-face.js';
import { MemoryAppendIds } from './append-ids.js';
import { MemoryAppender } from './appender.js';
import { KeptNames } from './kept-names.js';
import { MemoryLog } from './log.js';
import { MemoryMetadata } from './metadata.js';

/** What the view holds until it is closed. */
class Held {
  readonly log: MemoryLog;
  readonly ids: MemoryAppendIds;
  readonly names: KeptNames<true>;
  readonly metadata = new MemoryMetadata();
  readonly appender: MemoryAppender;
  note: string | null = null;

  constructor(commits: CommitSignal, { appendIdRetention }: LogViewOptions) {
    this.log = new MemoryLog(commits);
    this.ids = new MemoryAppendIds(appendIdRetention);
    this.names = new KeptNames(appendIdRetention);
    this.appender = new MemoryAppender(this.log, this.ids, this.metadata);
  }
}

/** A view in this process's memory. */
export class MemoryView implements LogView {
  readonly source: LogView['source'];
  readonly metadata: MetadataReader;
  readonly #commits = new CommitSignal();
  #open: Held | undefined;

  constructor(options: LogViewOptions) {
    this.#open = new Held(this.#commits, options);
    this.source = {
      head: () => this.head(),
      newest: () => this.#held.log.newest(),
      readBatches: (after, limit) => this.#held.log.readBatches(after, limit),
      readPage: (after, limit) => this.#held.log.readPage(after, limit),
      onCommit: (wake) => this.#commits.on(wake),
    };
    this.metadata = {
      of: (numbers) => this.#held.metadata.of(numbers),
      causedBy: (numbers, limit) => this.#held.metadata.causedBy(numbers, limit),
    };
  }

  note(): string | null {
    return this.#held.note;
  }

  head(): bigint {
    return this.#held.log.head();
  }

  apply(groups: readonly FollowedGroup[], note: string): FollowedOutcomes[] {
    const held = this.#held;
    const head = held.log.head();
    let outcomes: FollowedOutcomes[];
    try {
      outcomes = groups.map((group) => applied(held, group));
    } catch (error) {
      // Memory cannot go back to what was before: nothing may go on from what is half applied.
      this.close();
      throw new StorageError(
        'The view of the log in memory failed while it took what the log appended, and is closed. Make it anew.',
        { cause: error },
      );
    }
    held.note = note;
    if (held.log.head() > head) this.#commits.emit(head + 1n);
    return outcomes;
  }

  snapshot<T>(work: () => T): T {
    return work();
  }

  version(query: ContextQuery): bigint | null {
    return this.#held.log.context.newest(query);
  }

  read(query: ContextQuery, page: PreparedPage): QueryResult {
    return this.#held.log.context.read(query, page);
  }

  contexts(parts: readonly ContextQuery[], page: PreparedPage): ContextsRead {
    const { log } = this.#held;
    return { head: log.head(), log, parts: log.context.parts(parts, page) };
  }

  recorded(id: string, at: number): RecordedAppend | undefined {
    return this.#held.ids.recorded(id, at);
  }

  indexed(): undefined {
    return void this.#held;
  }

  close(): void {
    this.#open = undefined;
  }

  get #held(): Held {
    if (this.#open === undefined) throw new StoreClosedError('The view of the log is closed.');
    return this.#open;
  }
}

function applied({ names, appender }: Held, group: FollowedGroup): FollowedOutcomes {
  const { name, appends, at } = group;
  if (name !== null) {
    if (names.get(name, at) === true) return null;
    names.set(name, true, at);
  }
  return appends.map((append): AppendOutcome => outcomeOf(() => appender.append(append, group)));
}
