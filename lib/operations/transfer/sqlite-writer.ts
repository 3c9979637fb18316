import { MAX_SEQUENCE_NUMBER } from '../../contract/limits.js';
import { BusyRetry } from '../../stores/sqlite/connection/busy.js';
import { SqliteConnection } from '../../stores/sqlite/connection/connection.js';
import type { SqliteStatement } from '../../stores/sqlite/connection/driver.js';
import { SPARSE_MARKER } from '../../stores/sqlite/schema/schema.js';
import type { FileBatch } from './batch.js';
import { requireHead } from './require-head.js';
import type { BatchWriter } from './writer.js';

/** How long other processes' appends are waited for, in milliseconds. */
const BUSY_TIMEOUT_MS = 30_000;

/** Into a file that has every table of this version. */
export class SqliteWriter implements BatchWriter {
  readonly #connection: SqliteConnection;
  readonly #retry: BusyRetry;
  readonly #signal: AbortSignal;
  readonly #head: SqliteStatement<bigint>;
  readonly #sparse: SqliteStatement<bigint>;
  readonly #fact: SqliteStatement<never>;
  readonly #batch: SqliteStatement<never>;
  readonly #metadata: SqliteStatement<never>;
  readonly #append: SqliteStatement<never>;

  constructor(file: string, signal: AbortSignal) {
    const connection = new SqliteConnection(file);
    this.#connection = connection;
    this.#retry = new BusyRetry(file, BUSY_TIMEOUT_MS);
    this.#signal = signal;
    connection.execute('PRAGMA synchronous = FULL');
    this.#head = connection.values('SELECT coalesce(max(sequence_number), 0) FROM events');
    this.#sparse = connection.values(SPARSE_MARKER);
    this.#fact = connection.command('INSERT INTO events VALUES (?, ?, ?, ?)');
    this.#batch = connection.command('INSERT INTO append_batches VALUES (?, ?)');
    this.#metadata = connection.command(
      `INSERT INTO nestjs_factstr_metadata (first_sequence_number, last_sequence_number, causation, correlation, metadata)
       VALUES (?, ?, ?, ?, ?) ON CONFLICT (first_sequence_number) DO UPDATE SET
         last_sequence_number = excluded.last_sequence_number, causation = excluded.causation,
         correlation = excluded.correlation, metadata = excluded.metadata`,
    );
    this.#append = connection.command(
      `INSERT INTO nestjs_factstr_appends (append_id, facts_hash, first_sequence_number, last_sequence_number, appended_at, command_hash)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (append_id) DO UPDATE SET facts_hash = excluded.facts_hash,
         first_sequence_number = excluded.first_sequence_number, last_sequence_number = excluded.last_sequence_number,
         appended_at = excluded.appended_at, command_hash = excluded.command_hash`,
    );
  }

  async write(batches: readonly FileBatch[]): Promise<number> {
    await this.#retry.soon(() => this.#connection.write(() => this.#insert(batches)), this.#signal);
    // It keeps times as texts.
    return 0;
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  #insert(batches: readonly FileBatch[]): void {
    requireHead(this.#head.get()!, batches);
    const sparse = this.#sparse.get() === 1n;
    for (const { facts, metadata, append } of batches) {
      const [first, last] = [facts[0]!.sequence_number, facts.at(-1)!.sequence_number];
      for (const fact of facts) {
        this.#fact.run(fact.sequence_number, fact.occurred_at, fact.event_type, fact.payload);
      }
      if (first !== last || !sparse) this.#batch.run(first, last);
      if (metadata !== null) {
        const causation = metadata.causation === null ? null : BigInt(metadata.causation);
        this.#metadata.run(first, last, causation, metadata.correlation, metadata.text);
      }
      if (append !== null) {
        const { id, facts_hash, command_hash, appended_at } = append;
        const at = appended_at === 'infinity' ? MAX_SEQUENCE_NUMBER : Date.parse(appended_at);
        this.#append.run(id, facts_hash, first, last, at, command_hash);
      }
    }
  }
}
