import { missingClient } from '../../../contract/missing-client.js';

/** The parts of `pg` that are used, by structure: its types stay out of our declarations. */
export interface PgDriver {
  readonly Pool: new (config: PgConfig) => PgPool;
  readonly Client: new (config: PgConfig) => PgClient;
}

export type PgConfig = Readonly<Record<string, unknown>>;

/** A row as text, column by column: see `connectionConfig`. */
export type PgRow = (string | null)[];

export interface PgStatement {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** A prepared statement's name, one text each. */
  readonly name?: string;
  /** Milliseconds, instead of the connection's. */
  readonly query_timeout?: number;
}

export interface PgResult {
  readonly rows: PgRow[];
}

export interface PgClient {
  connect(): Promise<unknown>;
  query(statement: PgStatement & { rowMode: 'array' }): Promise<PgResult>;
  end(): Promise<void>;
  /** The server process, known once connected. */
  readonly processID: number | null;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(
    event: 'notification',
    listener: (message: { channel: string; processId: number }) => void,
  ): unknown;
}

export interface PgPoolClient extends PgClient {
  /** Gives the connection back; with an error it is closed. */
  release(error?: Error): void;
}

export interface PgPool {
  connect(): Promise<PgPoolClient>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect', listener: (client: PgClient) => void): unknown;
}

/**
 * Loads `pg`, which is an optional peer dependency, at the first use.
 *
 * @throws MissingDriverError
 */
export async function loadDriver(): Promise<PgDriver> {
  try {
    const module = (await import('pg')) as unknown as { default: PgDriver };
    return module.default;
  } catch (cause) {
    throw missingClient('FactstrPostgresStore', ['pg'], cause);
  }
}
