import { EVERY_FACT } from '../../../lib/contract/validation.js';
import { LogReader } from '../../../lib/streams/reader/log-reader.js';
import type { CommittedBatch } from '../../../lib/streams/log-source.js';
import { StreamWalk } from '../../../lib/streams/stream-walk.js';
import type { WalkSteps } from '../../../lib/streams/stream-walk.js';
import type { SteppedLog } from './stepped-log.js';

/** A cursor that walks a log, and what it has passed. */
export class Walker {
  readonly reader: LogReader;
  /** The numbers of what it was given, batch by batch. */
  readonly given: string[] = [];
  readonly pages: bigint[] = [];
  readonly failed: [error: unknown, attempt: number][] = [];
  readonly stop = new AbortController();
  /** Resolves when the walk has ended. */
  readonly ended: Promise<void>;

  constructor(
    log: SteppedLog,
    position: bigint,
    steps: Partial<WalkSteps> = {},
    reader = new LogReader(log),
  ) {
    this.reader = reader;
    this.reader.enter();
    const walk = new StreamWalk(
      this.reader,
      EVERY_FACT,
      { position, fact: undefined, log: 0 },
      this.stop.signal,
    );
    this.ended = walk
      .run({
        batch: (matching, batch) => {
          this.given.push(matching.map(({ sequence_number }) => sequence_number).join());
          return steps.batch?.(matching, batch);
        },
        pageEnd: (reached) => void this.pages.push(reached),
        replaced: steps.replaced ?? (async () => new Error('The log was replaced.')),
        readFailed: (error, attempt) => void this.failed.push([error, attempt]),
        ...(steps.idle && { idle: steps.idle }),
        ...(steps.pageStart && { pageStart: steps.pageStart }),
      })
      .finally(() => this.reader.leave());
  }
}

/** The numbers of all that follows a position, batch by batch, as one would say it. */
export function restOf(batches: readonly CommittedBatch[], position: bigint): string[] {
  return batches
    .map(({ event_records }) =>
      event_records.map(({ sequence_number }) => sequence_number).filter((n) => n > position),
    )
    .filter((numbers) => numbers.length > 0)
    .map((numbers) => numbers.join());
}
