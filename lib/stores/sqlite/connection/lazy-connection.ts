import { StoreClosedError } from '../../../contract/errors.js';
import { SqliteConnection } from './connection.js';
import type { OpenedFile } from './file-identity.js';

/** A store without durable streams has one connection only. */
export class LazyConnection {
  readonly #path: string;
  readonly #opened: OpenedFile | undefined;
  readonly #closing = new AbortController();
  #connection: SqliteConnection | undefined;

  /** `opened`: the file, where the store has it open already. */
  constructor(path: string, opened?: OpenedFile) {
    this.#path = path;
    this.#opened = opened;
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** @throws StoreClosedError */
  get(): SqliteConnection {
    if (this.closed.aborted) throw new StoreClosedError('The store is closed.');
    if (this.#connection === undefined) {
      const connection = new SqliteConnection(this.#path, { opened: this.#opened });
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
