import { metadataIn } from '../../../contract/append-metadata.js';
import type { MetadataRow, PreparedMetadata } from '../../../contract/append-metadata.js';
import type { AppendResult, CausedAppend, FactMetadata } from '../../../contract/contract.types.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteStatement } from '../connection/driver.js';
import { HAS_METADATA, METADATA_TABLES } from '../schema/metadata-tables.js';
import { LateTables } from './late-tables.js';

type CausedRow = readonly [first: bigint, last: bigint, causation: bigint];

interface Statements {
  readonly remove: SqliteStatement<never>;
  readonly insert: SqliteStatement<never>;
  readonly at: SqliteStatement<readonly [first: bigint, last: bigint, text: string]>;
  readonly caused: SqliteStatement<CausedRow>;
}

/** What is kept of appends besides their facts. */
export class SqliteMetadata {
  readonly #tables: LateTables<Statements>;

  constructor(connection: SqliteConnection) {
    this.#tables = new LateTables({
      make: () => {
        for (const statement of Object.values(METADATA_TABLES)) connection.execute(statement);
      },
      isThere: () => connection.values<bigint>(HAS_METADATA).get() === 2n,
      prepare: () => prepare(connection),
    });
  }

  /** Inside the append's transaction. */
  add({ text, correlation, causation }: PreparedMetadata, result: AppendResult): void {
    const { first_sequence_number: first, last_sequence_number: last } = result;
    this.#tables.write(({ remove, insert }) => {
      // Of numbers that are given again: the newest facts were removed from the log.
      remove.run(first);
      insert.run(first, last, causation, correlation, text);
    });
  }

  of(numbers: readonly bigint[]): (FactMetadata | null)[] {
    const rows = this.#tables.read(({ at }) => {
      const found: MetadataRow[] = [];
      for (const number of [...numbers].sort((one, other) => (one < other ? -1 : 1))) {
        if (found.length > 0 && number <= found.at(-1)!.last) continue;
        const row = at.get(number);
        if (row !== undefined && number <= row[1]) {
          found.push({ first: row[0], last: row[1], text: row[2] });
        }
      }
      return found;
    });
    return metadataIn(rows ?? [], numbers);
  }

  causedBy(numbers: readonly bigint[], limit: number): CausedAppend[] {
    const rows = this.#tables.read(({ caused }) =>
      [...new Set(numbers)].flatMap((number) => caused.all(number, limit)),
    );
    return (rows ?? [])
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .slice(0, limit)
      .map(([first_sequence_number, last_sequence_number, causation]) => ({
        first_sequence_number,
        last_sequence_number,
        causation,
      }));
  }
}

function prepare(connection: SqliteConnection): Statements {
  return {
    remove: connection.command(
      'DELETE FROM nestjs_factstr_metadata WHERE first_sequence_number >= ?',
    ),
    insert: connection.command(
      `INSERT INTO nestjs_factstr_metadata (first_sequence_number, last_sequence_number, causation,
         correlation, metadata)
       VALUES (?, ?, ?, ?, ?)`,
    ),
    at: connection.rows(
      `SELECT first_sequence_number, last_sequence_number, metadata FROM nestjs_factstr_metadata
       WHERE first_sequence_number <= ? ORDER BY first_sequence_number DESC LIMIT 1`,
    ),
    caused: connection.rows(
      `SELECT first_sequence_number, last_sequence_number, causation FROM nestjs_factstr_metadata
       WHERE causation = ? AND first_sequence_number > causation
       ORDER BY first_sequence_number LIMIT ?`,
    ),
  };
}
