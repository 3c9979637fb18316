import type { EventRecord } from '../contract/contract.types.js';
import { checkCursor, fingerprintOf, isOfAnotherLog } from './fingerprint.js';
import type { StoredPosition } from './fingerprint.js';
import type { LogReader } from './log-reader.js';
import type { LogSource } from './log-source.js';

/** How long the log is taken to be the one that was checked, in milliseconds: nobody restores one in less. */
const TRUSTED = 100;

/** Notices when the log below a running cursor is replaced: restored from a copy, or failed over to a stale one. */
export class CursorWatch {
  readonly #source: LogSource;
  readonly #reader: LogReader;
  readonly #name: string;
  readonly #start: StoredPosition;
  #last: EventRecord | undefined;
  #checked = -Infinity;

  /** `start`: where the cursor stands. */
  constructor(source: LogSource, reader: LogReader, name: string, start: StoredPosition) {
    this.#source = source;
    this.#reader = reader;
    this.#name = name;
    this.#start = start;
  }

  /** The cursor passed this fact. */
  passed(fact: EventRecord): void {
    this.#last = fact;
  }

  /** Whether what is read now may come from another log. */
  get isDue(): boolean {
    return performance.now() - this.#checked > TRUSTED;
  }

  /**
   * Looks for the fact at the cursor.
   *
   * @throws CursorAheadOfLogError, CursorFactChangedError, and what reading throws
   */
  async check(): Promise<void> {
    const began = performance.now();
    try {
      await checkCursor(this.#source, this.#name, this.#cursor());
    } catch (error) {
      // Nor is what was kept of it the log's that is there now.
      if (isOfAnotherLog(error)) this.#reader.forget();
      throw error;
    }
    this.#checked = Math.max(this.#checked, began);
  }

  #cursor(): StoredPosition {
    if (this.#last === undefined) return this.#start;
    return {
      position: this.#last.sequence_number,
      fingerprint: fingerprintOf(this.#last),
    };
  }
}
