import { CursorAheadOfLogError } from '../../contract/errors.js';
import type { PreparedQuery } from '../../contract/validation.js';
import { pause } from '../../support/async/turns.js';
import type { OperatorDatabase } from '../database/database.types.js';
import { readFacts, readHead } from './read-facts.js';
import type { StoredFactText } from './read-facts.js';

export interface Follow {
  readonly query: PreparedQuery;
  /** Facts after this number are told; by default those that are appended from now on. */
  readonly after?: bigint | undefined;
  /** How often the head is looked at, in milliseconds. */
  readonly interval: number;
  readonly signal: AbortSignal;
  readonly onFact: (fact: StoredFactText) => Promise<void>;
  /** Hears where the following stands: at its beginning, and whenever it has come further. */
  readonly onPosition?: (position: bigint) => void;
}

/**
 * Tells of the facts that match, in order and each once, whichever process appends them, until the signal aborts.
 *
 * @throws CursorAheadOfLogError when the log is shorter than the place at which it stands
 */
export async function followFacts(database: OperatorDatabase, follow: Follow): Promise<void> {
  const { query, interval, signal, onFact, onPosition } = follow;
  let position = follow.after;
  while (!signal.aborted) {
    position = await database.snapshot(async (read) => {
      const head = await readHead(read);
      const after = position ?? head;
      if (head < after) throw isShorter(head, after);
      if (head > after) {
        for await (const fact of readFacts(read, query, { after, upTo: head })) {
          await onFact(fact);
          position = fact.sequence_number;
          onPosition?.(position);
        }
      }
      return head;
    });
    onPosition?.(position);
    await pause(interval, signal);
  }
}

function isShorter(head: bigint, after: bigint): CursorAheadOfLogError {
  return new CursorAheadOfLogError(
    `The newest fact is ${head}, and the facts after ${after} were to be told: the log was restored from an older copy, or replaced. Begin again without --after, or with --after ${head}.`,
  );
}
