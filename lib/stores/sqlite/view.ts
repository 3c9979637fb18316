import type { RecordedAppend } from '../../contract/append-id.js';
import type { MetadataReader, QueryResult } from '../../contract/contract.types.js';
import type { PreparedPage } from '../../contract/query-page.js';
import type { ContextIndexProgress } from '../../context-index/progress.js';
import type { ContextQuery } from '../../context-index/terms/context-plan.js';
import type {
  FollowedGroup,
  FollowedOutcomes,
  LogView,
  LogViewOptions,
} from '../../streams/log-view.js';
import type { ContextsRead } from '../../streams/store-face.js';
import { SqliteAppendIds } from './append/append-ids.js';
import { SqliteAppender } from './append/appender.js';
import type { JudgeFollowed } from './append/appender.js';
import { SqliteGroupNames } from './append/group-names.js';
import { SqliteMetadata } from './append/metadata.js';
import { BusyRetry } from './connection/busy.js';
import type { SqliteConnection } from './connection/connection.js';
import type { SqliteStatement } from './connection/driver.js';
import { SqliteContextIndex } from './index/context-index.js';
import { SqliteContext } from './index/context.js';
import { SqliteIndexBuilder } from './index/index-builder.js';
import { SqliteLog } from './log/log.js';
import { SqliteScan } from './log/scan.js';
import { prepareFile } from './schema/file.js';
import { openViewFile } from './schema/view-file.js';

/** A view in a file that is this process's own: a store's tables, that nothing else appends to. */
export class SqliteView implements LogView {
  readonly source: SqliteLog;
  readonly metadata: MetadataReader;
  readonly #connection: SqliteConnection;
  /** Nothing else holds a lock, so that nothing is tried again: it tells what failed. */
  readonly #failures: BusyRetry;
  readonly #index: SqliteContextIndex;
  readonly #builder: SqliteIndexBuilder;
  readonly #context: SqliteContext;
  readonly #ids: SqliteAppendIds;
  readonly #names: SqliteGroupNames;
  readonly #appender: SqliteAppender;
  readonly #note: SqliteStatement<string>;
  readonly #keepNote: SqliteStatement<never>;
  /** Whether what is asked is part of a snapshot that is open. */
  #isSnapshot = false;

  /** @throws what `openViewFile` throws, InvalidOptionsError */
  constructor(path: string, { appendIdRetention }: LogViewOptions) {
    const file = prepareFile(path);
    this.#failures = new BusyRetry(file, 0);
    const connection = openViewFile(file);
    this.#connection = connection;
    try {
      const scan = new SqliteScan(connection);
      this.#index = new SqliteContextIndex(connection, scan, () => this.#builder.wake());
      this.#builder = new SqliteIndexBuilder(connection, this.#index);
      this.#context = new SqliteContext(this.#index, scan);
      this.source = new SqliteLog(connection, this.#failures, null);
      this.#ids = new SqliteAppendIds(connection, appendIdRetention);
      this.#names = new SqliteGroupNames(connection, appendIdRetention);
      const ofAppends = new SqliteMetadata(connection);
      this.metadata = {
        of: (numbers) => this.#look(() => ofAppends.of(numbers)),
        causedBy: (numbers, limit) => this.#look(() => ofAppends.causedBy(numbers, limit)),
      };
      this.#appender = new SqliteAppender(
        connection,
        this.#index,
        this.#context,
        this.#ids,
        ofAppends,
        (range) => this.source.committed(range),
      );
      this.#note = connection.values(`SELECT value FROM nestjs_factstr_view WHERE key = 'note'`);
      this.#keepNote = connection.command(
        `INSERT OR REPLACE INTO nestjs_factstr_view (key, value) VALUES ('note', ?)`,
      );
      // What is damaged is to be found before anything relies on it.
      this.indexed();
    } catch (error) {
      connection.close();
      throw this.#failures.failure(error);
    }
  }

  note(): string | null {
    return this.#look(() => this.#note.get() ?? null);
  }

  head(): bigint {
    return this.#read(() => this.#index.head);
  }

  apply(groups: readonly FollowedGroup[], note: string): FollowedOutcomes[] {
    return this.#tell(() =>
      this.#appender.follow((judge) => {
        const outcomes = groups.map((group) => this.#applied(group, judge));
        this.#keepNote.run(note);
        return outcomes;
      }),
    );
  }

  snapshot<T>(work: () => T): T {
    return this.#read(() => {
      this.#isSnapshot = true;
      try {
        return work();
      } finally {
        this.#isSnapshot = false;
      }
    });
  }

  version(query: ContextQuery): bigint | null {
    return this.#read(() => this.#context.version(query));
  }

  read(query: ContextQuery, page: PreparedPage): QueryResult {
    return this.#read(() => this.#context.read(query, page));
  }

  contexts(parts: readonly ContextQuery[], page: PreparedPage): ContextsRead {
    return this.#read(() => ({
      head: this.#index.head,
      // The file is this process's own: no other log comes into its place.
      log: this.source,
      parts: this.#context.parts(parts, page),
    }));
  }

  recorded(id: string, at: number): RecordedAppend | undefined {
    return this.#look(() => this.#ids.recorded(id, at));
  }

  indexed(): ContextIndexProgress {
    return this.#read(() => this.#index.progress);
  }

  close(): void {
    void this.#builder.close();
    this.source.close();
    this.#connection.close();
  }

  #applied(group: FollowedGroup, judge: JudgeFollowed): FollowedOutcomes {
    const { name, appends, at } = group;
    if (name !== null) {
      if (this.#names.has(name, at)) return null;
      this.#names.add(name, at);
    }
    return appends.map((append) => judge(append, group));
  }

  /** A snapshot in which `work` may look up. */
  #read<T>(work: () => T): T {
    return this.#isSnapshot ? work() : this.#tell(() => this.#index.read(work));
  }

  /** What one statement reads. */
  #look<T>(work: () => T): T {
    if (this.#isSnapshot) return work();
    return this.#tell(() => {
      this.#connection.assertReadable();
      return work();
    });
  }

  #tell<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#failures.failure(error);
    }
  }
}
