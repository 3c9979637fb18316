import type { NewEvent } from '../../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../../lib/contract/limits.js';
import { prepareFacts } from '../../../lib/contract/validation.js';
import { KnownLog } from '../../../lib/stores/postgres/index/known-log.js';
import { ReadyConnection } from '../../../lib/stores/postgres/schema/ready-schema.js';
import type { ReadySchema } from '../../../lib/stores/postgres/schema/ready-schema.js';
import { PostgresContextIndex } from '../../../lib/stores/postgres/index/context-index.js';
import type { PgRow, PgStatement } from '../../../lib/stores/postgres/connection/driver.js';
import { PostgresIndexBuilder } from '../../../lib/stores/postgres/index/index-builder.js';
import type { OwnCommit } from '../../../lib/stores/postgres/index/log-state.js';
import { resolvePostgresOptions } from '../../../lib/stores/postgres/options.js';
import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options.js';
import { parseTarget } from '../../../lib/stores/postgres/connection/target.js';

const NEWEST = `SELECT sequence_number, extract(epoch FROM occurred_at) FROM events
  ORDER BY sequence_number DESC LIMIT 1`;

/** A connection of which a test sees what is asked, and may let something happen before or after it. */
export class WatchedConnection extends ReadyConnection {
  /** What statements are for, in order. */
  readonly asked: string[] = [];
  before: (what: string, statement: PgStatement) => unknown = () => undefined;
  after: (what: string, statement: PgStatement) => unknown = () => undefined;

  constructor(url: string, options: PostgresStoreOptions) {
    super(parseTarget(url), resolvePostgresOptions(options));
  }

  /** The number of times something was asked. */
  count(what: string): number {
    return this.asked.filter((asked) => asked === what).length;
  }

  /** Lets something happen once, when the answer to the next such statement is there but not yet used. */
  afterNext(what: string, happens: () => unknown): void {
    this.after = (asked) => {
      if (asked !== what) return undefined;
      this.after = () => undefined;
      return happens();
    };
  }

  /** Without being watched. */
  async quietly(text: string, values: string[] = []): Promise<PgRow[]> {
    return (await super.ready()).run('The test', { text, values });
  }

  override async ready(): Promise<ReadySchema> {
    const ready = await super.ready();
    return {
      ...ready,
      run: (what, statement) => this.#watched(what, statement, () => ready.run(what, statement)),
      append: (statement) => this.#watched('Appending', statement, () => ready.append(statement)),
      transaction: (what, work) =>
        ready.transaction(what, (run) =>
          work((statement) => this.#watched(what, statement, () => run(statement))),
        ),
    };
  }

  async #watched<T>(what: string, statement: PgStatement, ask: () => Promise<T>): Promise<T> {
    this.asked.push(what);
    await this.before(what, statement);
    const answer = await ask();
    await this.after(what, statement);
    return answer;
  }
}

/** What a process knows of the log in a database, and what it does in the background when it is told to. */
export class KnowingProcess {
  readonly connection: WatchedConnection;
  readonly log: KnownLog;
  readonly index: PostgresContextIndex;
  readonly keeper: PostgresIndexBuilder;
  /** How often the background was to be woken. */
  woken = 0;

  constructor(url: string, options: PostgresStoreOptions = {}) {
    this.connection = new WatchedConnection(url, options);
    this.log = new KnownLog(this.connection, () => this.woken++);
    this.index = new PostgresContextIndex(this.connection, this.log);
    this.keeper = new PostgresIndexBuilder(this.connection, this.log);
  }

  /** Facts that are committed as this process's own; it is told when the test tells it. */
  async commit(...facts: NewEvent[]): Promise<OwnCommit> {
    const [before] = await this.connection.quietly(NEWEST);
    const head = Number(before?.[0] ?? 0);
    await this.connection.quietly(
      `INSERT INTO events (sequence_number, event_type, payload)
       SELECT $1::bigint + place, fact->>'event_type', fact->'payload'
       FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS facts (fact, place)`,
      [String(head), JSON.stringify(facts)],
    );
    const [after] = await this.connection.quietly(NEWEST);
    const own = prepareFacts(facts, DEFAULT_LIMITS);
    return { head, headAt: before?.[1] ?? '', at: after![1]!, facts: own };
  }

  async end(): Promise<void> {
    await this.keeper.close();
    await this.connection.end();
  }
}
