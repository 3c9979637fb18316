import { statementError } from '../connection/errors.js';
import type { PgClient, PgRow, PgStatement } from '../connection/driver.js';
import type { PostgresDatabase } from '../connection/database.js';

/** A connection of its own that hears other processes' notifications, and on which the head is read. */
export class Listener {
  readonly #client: PgClient;
  readonly #target: string;
  readonly #lost = new AbortController();
  /** One statement at a time: a client's own queue is deprecated. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(client: PgClient, target: string) {
    this.#client = client;
    this.#target = target;
    client.on('error', () => this.#lost.abort());
    client.on('end', () => this.#lost.abort());
  }

  /** Connects and listens; `hear` is called for other sessions' notifications. */
  static async open(
    database: PostgresDatabase,
    channel: string,
    hear: () => void,
  ): Promise<Listener> {
    const client = database.client();
    const listener = new Listener(client, database.target.name);
    try {
      await client.connect();
      client.on('notification', ({ processId }) => {
        if (processId !== client.processID) hear();
      });
      await listener.run('Listening', { text: `LISTEN ${channel}` });
    } catch (error) {
      await listener.close();
      throw error;
    }
    return listener;
  }

  /** Aborts when the connection has ended, from either side. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** A statement that fails, or gets no answer, closes the connection: none that runs here is expected to. */
  async run(what: string, statement: PgStatement): Promise<PgRow[]> {
    const result = this.#turn.then(() => this.#client.query({ ...statement, rowMode: 'array' }));
    this.#turn = result.catch(() => undefined);
    try {
      return (await result).rows;
    } catch (error) {
      void this.close();
      throw statementError(error, { what, target: this.#target });
    }
  }

  async close(): Promise<void> {
    this.#lost.abort();
    await this.#client.end().catch(() => undefined);
  }
}
