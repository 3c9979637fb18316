import type { MaybePromise } from '../../../contract/contract.types.js';
import type { StoredStream, CursorStore } from '../../../cursors/cursor-store.js';
import { cursorSql } from '../../../cursors/sql/cursor-sql.js';
import { STORE_TABLES } from '../../../cursors/sql/cursor-tables.js';
import { SqlCursorStore } from '../../../cursors/sql/sql-cursor-store.js';
import { SqliteBoundaries } from './boundaries.js';
import type { BusyRetry } from '../connection/busy.js';
import type { OpenedFile } from '../connection/file-identity.js';
import { LazyConnection } from '../connection/lazy-connection.js';
import { SqliteStepRunner } from './step-runner.js';

/**
 * Cursors and leases, written on a connection of their own that does not wait for the disk: when this process
 * dies nothing is lost, and a power cut only redelivers.
 */
export class SqliteCursorStore extends SqlCursorStore implements CursorStore {
  readonly #connection: LazyConnection;
  readonly #boundaries: SqliteBoundaries;
  readonly #identity: string;
  readonly #retry: BusyRetry;

  constructor(file: OpenedFile, retry: BusyRetry) {
    const connection = new LazyConnection(file.path, file);
    super(cursorSql('sqlite', STORE_TABLES.sqlite), new SqliteStepRunner(connection, retry));
    this.#connection = connection;
    this.#boundaries = new SqliteBoundaries(file.path);
    this.#identity = file.name;
    this.#retry = retry;
  }

  identity(): string {
    return this.#identity;
  }

  /** @throws BatchBoundariesMissingError */
  override open(name: string, queryText: string, start: bigint): MaybePromise<StoredStream> {
    const checked = this.#retry.soon(
      () => this.#boundaries.check(this.#connection.get(), name),
      this.#connection.closed,
    );
    return checked instanceof Promise
      ? checked.then(() => super.open(name, queryText, start))
      : super.open(name, queryText, start);
  }

  /** To be called when no stream writes any more. */
  close(): void {
    this.#connection.close();
  }
}
