import type { CommittedBatch, LogPage, LogSource } from '../../../lib/streams/log-source.js';
import type { Gate } from '../inbox/inbox.js';

/** A memory store's log, whose reads take as long as the test says: as those of a database do. */
export class SlowLog implements LogSource {
  /** The log that there is; another one may take its place. */
  present: LogSource;
  readonly cursorStore;
  /** What the next reads wait for, after they have seen the log. */
  readonly gates: Gate[] = [];
  reads = 0;
  broken: Error | undefined;

  constructor(log: LogSource) {
    this.present = log;
    this.cursorStore = log.cursorStore;
  }

  head(): bigint | Promise<bigint> {
    return this.present.head();
  }

  async readPage(after: bigint, limit: number): Promise<LogPage> {
    this.reads++;
    if (this.broken) throw this.broken;
    const page = await this.present.readPage!(after, limit);
    await this.gates.shift()?.passed;
    return page;
  }

  async readBatches(after: bigint, limit: number): Promise<CommittedBatch[]> {
    return (await this.readPage(after, limit)).batches;
  }

  onCommit(wake: (first?: bigint) => void): () => void {
    return this.present.onCommit(wake);
  }
}
