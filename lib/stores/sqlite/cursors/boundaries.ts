import { BatchBoundariesMissingError } from '../../../contract/errors.js';
import type { SqliteConnection } from '../connection/connection.js';
import { SPARSE_MARKER } from '../schema/schema.js';

const HEAD = 'SELECT max(sequence_number) FROM events';
const GAP_AFTER = `SELECT first_sequence_number
FROM (
  SELECT first_sequence_number,
    lag(last_sequence_number, 1, @coveredTo) OVER (ORDER BY first_sequence_number) AS previous
  FROM append_batches
  WHERE first_sequence_number > @coveredTo
)
WHERE first_sequence_number <> previous + 1
LIMIT 1`;
const FACT = `SELECT occurred_at || ' ' || event_type || ' ' || payload FROM events
WHERE sequence_number = ?`;
const LAST_BATCH = `SELECT last_sequence_number FROM append_batches
ORDER BY first_sequence_number DESC LIMIT 1`;

const NOTHING = { to: 0n, fact: undefined };

/** Whether the log can be delivered in whole batches. */
export class SqliteBoundaries {
  readonly #file: string;
  /**
   * Up to here `append_batches` has a row for every append. Rows never change, so it is looked at once, for as long
   * as the fact there is the same: a restored log may have other rows.
   */
  #covered: { readonly to: bigint; readonly fact: string | undefined } = NOTHING;

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Without the marker a missing row could belong to an append of several facts: they must all be there.
   *
   * @throws BatchBoundariesMissingError
   */
  check(connection: SqliteConnection, name: string): void {
    connection.read(() => {
      if (connection.values<bigint>(SPARSE_MARKER).get() === 1n) return;
      const head = connection.values<bigint | null>(HEAD).get() ?? 0n;
      const fact = connection.values<string>(FACT);
      if (fact.get(this.#covered.to) !== this.#covered.fact) this.#covered = NOTHING;
      const complete =
        connection.values<bigint>(GAP_AFTER).get({ coveredTo: this.#covered.to }) === undefined &&
        (connection.values<bigint | null>(LAST_BATCH).get() ?? 0n) === head;
      if (!complete) throw this.#missing(name);
      this.#covered = { to: head, fact: fact.get(head) };
    });
  }

  #missing(name: string): BatchBoundariesMissingError {
    return new BatchBoundariesMissingError(
      `The durable stream ${JSON.stringify(name)} cannot run on ${this.#file}: append_batches does not say for every fact which append it belongs to, ` +
        'as in a log that FACTSTR up to 0.5.0 began and a later version continued. Everything else works. ' +
        'When no version up to 0.5.0 writes to it any more, call adoptBatchBoundaries() once (it cannot be undone): facts without a row then count as batches of one.',
    );
  }
}
