import { StoreClosedError } from '../../contract/errors.js';
import { SqliteConnection } from './sqlite.connection.js';

/** A store without durable streams has one connection only. */
export class LazyConnection {
  readonly #file: string;
  readonly #closing = new AbortController();
  #connection: SqliteConnection | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** @throws StoreClosedError */
  get(): SqliteConnection {
    if (this.closed.aborted) throw new StoreClosedError('The store is closed.');
    if (this.#connection === undefined) {
      const connection = new SqliteConnection(this.#file);
      try {
        connection.execute('PRAGMA synchronous = NORMAL');
      } catch (error) {
        connection.close();
        throw error;
      }
      this.#connection = connection;
    }
    return this.#connection;
  }

  close(): void {
    this.#closing.abort();
    this.#connection?.close();
  }
}
