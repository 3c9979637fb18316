import { createHash } from 'node:crypto';
import type { PgRow, PgStatement } from '../connection/driver.js';

/** Milliseconds from one notification to the next. */
const INTERVAL_MS = 3;
/** Milliseconds for a busy writer, whose appends would be a tenth slower, and the commits that make it busy. */
const BUSY_INTERVAL_MS = 10;
const BUSY_COMMITS = 4;

/** Channels belong to a database, not to a schema, and their names are limited to 63 bytes. */
export function channelOf(schema: string): string {
  const hash = createHash('sha256').update(schema).digest('hex');
  return `nestjs_factstr_${hash.slice(0, 24)}`;
}

/**
 * Tells other processes that something was committed: at once, and under load at a pace, never for each
 * append. It is a hint without content, and outside the append: notifications take a lock of the whole server
 * until they commit. What is lost costs the listeners a poll interval.
 */
export class CommitNotifier {
  readonly #send: (statement: PgStatement) => Promise<PgRow[]>;
  readonly #statement: PgStatement;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  /** Commits that were not announced yet. */
  #due = 0;
  #ended = false;

  constructor(channel: string, send: (statement: PgStatement) => Promise<PgRow[]>) {
    this.#send = send;
    this.#statement = {
      name: 'notify',
      // A lost notification only costs latency: it need not be flushed.
      text: `SELECT pg_catalog.set_config('synchronous_commit', 'off', true), pg_catalog.pg_notify($1, '')`,
      values: [channel],
    };
  }

  /** `appends` were committed. */
  committed(appends: number): void {
    if (this.#ended) return;
    this.#due += appends;
    if (this.#timer === undefined && this.#sending === undefined) this.#notify();
  }

  /** Sends what is due. Never rejects. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#sending;
    if (this.#due > 0) this.#notify();
    clearTimeout(this.#timer);
    await this.#sending;
  }

  #notify(): void {
    const pace = this.#due < BUSY_COMMITS ? INTERVAL_MS : BUSY_INTERVAL_MS;
    this.#due = 0;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#due > 0 && this.#sending === undefined) this.#notify();
    }, pace);
    this.#timer.unref();
    this.#sending = this.#send(this.#statement)
      .then(ignore, ignore)
      .then(() => {
        this.#sending = undefined;
        if (this.#due > 0 && this.#timer === undefined && !this.#ended) this.#notify();
      });
  }
}

function ignore(): void {}
