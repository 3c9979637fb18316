export interface PostgresServer {
  /** Superuser's URL of the database `postgres`. Stays the same across `stop` and `start`. */
  readonly url: string;
  /** As `pg_ctl stop -m fast`. */
  stop(): Promise<void>;
  /** As `pg_ctl stop -m immediate`: no checkpoint, recovery at the next start. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Stops for good and removes the data. Happens by itself when the calling process ends. */
  end(): Promise<void>;
}

/** Starts a server of one's own, for tests that stop it. `settings` go to the server's command line. */
export function startPostgresServer(settings?: Record<string, string>): Promise<PostgresServer>;
