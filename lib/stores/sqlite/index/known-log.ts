import type { PreparedFact } from '../../../contract/validation.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteStatement } from '../connection/driver.js';

/** What a fact says, beside its number. */
type FactRow = readonly [occurred_at: string, event_type: string, payload: string];

interface KnownFact {
  readonly number: bigint;
  readonly row: FactRow;
}

/**
 * Tells whether the database still holds the log that memory knows. A log that has the newest known fact at its
 * number has all that were before it. Whether another connection has written costs one number to see; only
 * then the fact is read. Inside the caller's transaction.
 */
export class SqliteKnownLog {
  readonly #dataVersion: SqliteStatement<bigint>;
  readonly #fact: SqliteStatement<FactRow>;
  /** The newest fact that was committed, as far as memory knows; `undefined` for an empty log. */
  #newest: KnownFact | undefined;
  /** The newest fact that the open transaction has appended. */
  #appended: KnownFact | undefined;
  #version = -1n;
  #log = 0;

  constructor(connection: SqliteConnection) {
    this.#dataVersion = connection.values('PRAGMA data_version');
    this.#fact = connection.rows(
      'SELECT occurred_at, event_type, payload FROM events WHERE sequence_number = ?',
    );
  }

  /** +1 when a restored or replaced log is detected. */
  get log(): number {
    return this.#log;
  }

  /** Moves when other connections have written, facts or anything else. */
  get version(): bigint {
    return this.#version;
  }

  /** What other connections did since the last look. To be called first in a transaction. */
  look(): 'nothing' | 'written' | 'another log' {
    const version = this.#dataVersion.get()!;
    if (version === this.#version) return 'nothing';
    const isAnother = this.#newest !== undefined && !this.#isThere(this.#newest);
    if (isAnother) {
      this.#newest = undefined;
      this.#log++;
    }
    // Set after the look, so that one that fails is repeated.
    this.#version = version;
    return isAnother ? 'another log' : 'written';
  }

  /** The time of the newest known fact, the open transaction's included; `undefined` for an empty log. */
  get newestTime(): string | undefined {
    return (this.#appended ?? this.#newest)?.row[0];
  }

  /** Memory knows the log up to this number. */
  learned(head: bigint): void {
    if (head === (this.#newest?.number ?? 0n)) return;
    const row = this.#fact.get(head);
    this.#newest = row && { number: head, row };
  }

  /** The open transaction has appended; its newest fact. */
  appended(number: bigint, occurred_at: string, { event_type, payload_text }: PreparedFact): void {
    this.#appended = { number, row: [occurred_at, event_type, payload_text] };
  }

  committed(): void {
    this.#newest = this.#appended ?? this.#newest;
    this.#appended = undefined;
  }

  rolledBack(): void {
    this.#appended = undefined;
  }

  #isThere({ number, row }: KnownFact): boolean {
    const found = this.#fact.get(number);
    return found !== undefined && row.every((value, column) => value === found[column]);
  }
}
