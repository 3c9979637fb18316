/** A row, column by column, as text. */
export type TextRow = readonly (string | null)[];

export interface OpenOptions {
  /** Its abort ends what reads: `rows` and `row` throw its reason. */
  signal?: AbortSignal | undefined;
}

/** A database that an operator looks at. */
export interface OperatorDatabase {
  readonly provider: 'sqlite' | 'postgres';
  /** As it was given. It may hold a password: for no message. */
  readonly target: string;
  /** For messages, without a password. */
  readonly label: string;
  /** Whether it is the file of a view: a copy of another log, with the facts and the index but no cursors of that. */
  readonly isView: boolean;
  /**
   * Everything that `work` reads belongs to one snapshot, whatever is appended meanwhile. Several may run at a time, up
   * to four.
   *
   * @throws DatabaseUnavailableError, DatabaseBusyError, PermissionDeniedError, SchemaMissingError, StorageError
   */
  snapshot<T>(work: (read: SnapshotReader) => Promise<T>): Promise<T>;
  /** Closes the connections when the snapshots under way have ended. Idempotent. */
  close(): Promise<void>;
}

/**
 * Reads on one snapshot. Statements have placeholders `$1`, `$2` and so on with both providers, and name tables without
 * a schema. Values are text or null: a statement casts what it compares.
 */
export interface SnapshotReader {
  readonly provider: 'sqlite' | 'postgres';
  /** Of Postgres, where the tables are; `main` of SQLite. */
  readonly schema: string;
  /** Whether there is a table, or a view, of this name. */
  hasTable(name: string): Promise<boolean>;
  /** The rows, read page by page: memory stays flat. Other statements may run meanwhile. */
  rows(sql: string, values?: readonly (string | null)[]): AsyncIterable<TextRow>;
  /** The first row, if any. */
  row(sql: string, values?: readonly (string | null)[]): Promise<TextRow | undefined>;
}
