import type { MaybePromise } from '../../contract/contract.types.js';
import type { StreamReport } from '../../cursors/cursor-store.js';
import { pause, retryDelay } from '../../support/async/turns.js';
import { isPassing } from '../failures.js';

/**
 * Writes an owner's reports one after the other, so that the newest stays, and again while the database does not
 * answer. A report that a newer one replaces before its turn is left out.
 */
export class ReportWriter {
  readonly #write: (report: StreamReport) => MaybePromise<boolean>;
  readonly #lost: AbortSignal;
  readonly #ended = new AbortController();
  #next: StreamReport | undefined;
  #writing: Promise<void> | undefined;

  /** `lost` ends it: the next owner reports then. */
  constructor(write: (report: StreamReport) => MaybePromise<boolean>, lost: AbortSignal) {
    this.#write = write;
    this.#lost = lost;
  }

  report(report: StreamReport): void {
    if (this.#ended.signal.aborted) return;
    this.#next = report;
    this.#writing ??= this.#run().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Writes nothing more. Resolves when the write that is in flight has ended, whatever its outcome. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#writing;
  }

  async #run(): Promise<void> {
    const ended = this.#ended.signal;
    for (let failures = 0; this.#next !== undefined && !this.#lost.aborted && !ended.aborted;) {
      const report = this.#next;
      this.#next = undefined;
      try {
        if (!(await this.#write(report))) return;
        failures = 0;
      } catch (error) {
        // Only other processes' `status` needs it; the owner's own writes meet the same database, and are logged.
        if (isPassing(error)) this.#next ??= report;
        await pause(retryDelay(failures++), this.#lost, ended);
      }
    }
  }
}
