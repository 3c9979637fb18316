import type { CommitSignal } from '../../streams/commit-signal.js';
import type { CommittedBatch, LogSource } from '../../streams/log-source.js';
import { groupBatches, pageStatement, readPage } from './postgres.batches.js';
import type { PageBatches } from './postgres.batches.js';
import type { PostgresConnection } from './postgres.connection.js';
import { PostgresLedger } from './postgres.ledger.js';
import type { CommitWatcher } from './postgres.watcher.js';

/** The log of one Postgres store, as streams walk it. */
export class PostgresLog implements LogSource {
  readonly ledger: PostgresLedger;
  readonly #connection: PostgresConnection;
  readonly #commits: CommitSignal;
  readonly #watcher: CommitWatcher;
  readonly #appendInFlight: () => Promise<unknown>;

  constructor(
    connection: PostgresConnection,
    commits: CommitSignal,
    watcher: CommitWatcher,
    appendInFlight: () => Promise<unknown>,
  ) {
    this.ledger = new PostgresLedger(connection);
    this.#connection = connection;
    this.#commits = commits;
    this.#watcher = watcher;
    this.#appendInFlight = appendInFlight;
  }

  async head(): Promise<bigint> {
    const head = await this.#watcher.head();
    // An own append below this head may not have had its answer yet; who asks must hear of it before the head.
    await this.#appendInFlight();
    return head;
  }

  async readBatches(after: bigint, limit: number): Promise<CommittedBatch[]> {
    const { batches, cutUntil } = await this.#read(after, limit);
    if (batches.length > 0 || cutUntil === undefined) return batches;
    // One batch larger than the page. It is committed, so a second snapshot shows all of it.
    return (await this.#read(after, Number(cutUntil - after))).batches;
  }

  onCommit(wake: (first?: bigint) => void): () => void {
    return this.#commits.on(wake);
  }

  async #read(after: bigint, limit: number): Promise<PageBatches> {
    const { run, schema } = await this.#connection.ready();
    return groupBatches(
      readPage(await run('Reading the log', pageStatement(schema, after, limit))),
    );
  }
}
