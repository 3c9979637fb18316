import type { MaybePromise } from '../contract/contract.types.js';
import type { StreamReport } from '../streams/ledger.js';
import { pause, retryDelay } from '../streams/turns.js';

/**
 * Writes an owner's reports one after the other, so that the newest stays, and again while the database does not
 * answer. What is outdated before its turn is left out.
 */
export class ReportWriter {
  readonly #write: (report: StreamReport) => MaybePromise<boolean>;
  readonly #lost: AbortSignal;
  #next: StreamReport | undefined;
  #writing: Promise<void> | undefined;

  /** `lost` ends it: others report then. */
  constructor(write: (report: StreamReport) => MaybePromise<boolean>, lost: AbortSignal) {
    this.#write = write;
    this.#lost = lost;
  }

  report(report: StreamReport): void {
    this.#next = report;
    this.#writing ??= this.#run().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when what was reported is written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #run(): Promise<void> {
    for (let failures = 0; this.#next !== undefined && !this.#lost.aborted;) {
      const report = this.#next;
      this.#next = undefined;
      try {
        if (!(await this.#write(report))) return;
        failures = 0;
      } catch {
        // Others only read it; the owner meets the same database and tells its log.
        this.#next ??= report;
        await pause(retryDelay(failures++), this.#lost);
      }
    }
  }
}
