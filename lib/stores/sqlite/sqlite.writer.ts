import type { AppendIfResult, AppendResult } from '../../contract/contract.types.js';
import { StorageError } from '../../contract/errors.js';
import { MAX_SEQUENCE_NUMBER } from '../../contract/limits.js';
import type { PreparedFact, PreparedQuery } from '../../contract/validation.js';
import type { SqliteConnection } from './sqlite.connection.js';
import type { SqliteContextIndex } from './sqlite.context-index.js';
import type { SqliteContext } from './sqlite.context.js';
import type { SqliteStatement } from './sqlite.driver.js';
import { SPARSE_BATCHES } from './sqlite.schema.js';
import { timeAfter } from './sqlite.time.js';

/** One append, checked and ready to be committed, now or from the queue. */
export interface AppendRequest {
  readonly facts: readonly PreparedFact[];
  /** `appendIf`'s; `null` for an unconditional append. */
  readonly condition: { readonly query: PreparedQuery; readonly expected: bigint | null } | null;
}

export const SPARSE_MARKER = `SELECT count(*) FROM store_metadata
WHERE key = 'append_batch_boundary_format' AND value = 'sparse_v1'`;

/** Appends facts. Every failure leaves nothing behind; errors are the driver's. */
export class SqliteWriter {
  readonly #connection: SqliteConnection;
  readonly #index: SqliteContextIndex;
  readonly #context: SqliteContext;
  readonly #committed: (result: AppendResult) => void;
  readonly #insertFact: SqliteStatement<never>;
  readonly #insertBatch: SqliteStatement<never>;
  readonly #marker: SqliteStatement<bigint>;
  readonly #timeOf: SqliteStatement<string>;
  /** Once sparse, always sparse. */
  #sparse = false;

  constructor(
    connection: SqliteConnection,
    index: SqliteContextIndex,
    context: SqliteContext,
    committed: (result: AppendResult) => void,
  ) {
    this.#connection = connection;
    this.#index = index;
    this.#context = context;
    this.#committed = committed;
    this.#insertFact = connection.command(
      'INSERT INTO events (sequence_number, occurred_at, event_type, payload) VALUES (?, ?, ?, ?)',
    );
    this.#insertBatch = connection.command(
      'INSERT INTO append_batches (first_sequence_number, last_sequence_number) VALUES (?, ?)',
    );
    this.#marker = connection.values(SPARSE_MARKER);
    this.#timeOf = connection.values('SELECT occurred_at FROM events WHERE sequence_number = ?');
  }

  /** Exactly one member of the result is there; without a condition it is `append_result`. */
  commit({ facts, condition }: AppendRequest): AppendIfResult {
    const verdict = this.#index.write((): AppendIfResult => {
      if (condition !== null) {
        const actual = this.#context.version(condition.query);
        if (actual !== condition.expected) {
          return {
            append_result: null,
            conflict: {
              expected_context_version: condition.expected,
              actual_context_version: actual,
            },
          };
        }
      }
      return { append_result: this.#insert(facts), conflict: null };
    });
    if (verdict.append_result) this.#committed(verdict.append_result);
    return verdict;
  }

  /** Declares that a missing row of `append_batches` means a batch of one fact. */
  adoptSparseBatches(): void {
    this.#connection.write(() => this.#connection.execute(SPARSE_BATCHES));
    this.#sparse = true;
  }

  #insert(facts: readonly PreparedFact[]): AppendResult {
    const { head } = this.#index;
    const first = head + 1n;
    const last = head + BigInt(facts.length);
    if (last > MAX_SEQUENCE_NUMBER) {
      throw new StorageError(`The log is full: its head is ${head}.`);
    }
    const occurred_at = timeAfter(this.#timeOf.get(head));
    let sequence_number = first;
    for (const { event_type, payload_text } of facts) {
      this.#insertFact.run(sequence_number++, occurred_at, event_type, payload_text);
    }
    this.#index.add(facts);
    if (first !== last || !this.#isSparse()) this.#insertBatch.run(first, last);
    return {
      first_sequence_number: first,
      last_sequence_number: last,
      committed_count: BigInt(facts.length),
    };
  }

  /** FACTSTR up to 0.5.0 wants a row for every append. Looked up again: another process may adopt the marker. */
  #isSparse(): boolean {
    return (this.#sparse ||= this.#marker.get() === 1n);
  }
}
