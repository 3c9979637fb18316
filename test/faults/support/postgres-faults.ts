import { startPostgresServer } from '../../support/postgres.js';
import type { PostgresServer } from '../../support/postgres.js';
import { rowsOf } from './storage.js';
import type { Round } from './round.js';
import { shared } from './shared.js';

/** A server that may be stopped. */
export class StoppableServer {
  readonly #server: PostgresServer;
  #isUp = true;

  constructor(server: PostgresServer) {
    this.#server = server;
  }

  get url(): string {
    return this.#server.url;
  }

  /** `immediate`: without a checkpoint, recovery at the next start. */
  async stop(how: 'fast' | 'immediate'): Promise<void> {
    if (!this.#isUp) return;
    this.#isUp = false;
    await (how === 'fast' ? this.#server.stop() : this.#server.kill());
  }

  async start(): Promise<void> {
    if (this.#isUp) return;
    await this.#server.start();
    this.#isUp = true;
  }
}

/** Scenarios take turns with it. A run that leaves it down starts it again at its end. */
export async function stoppableServer(
  round: Round,
  name = 'stoppable server',
  settings?: Record<string, string>,
): Promise<StoppableServer> {
  const server = await shared.get(name, async () => {
    const started = await startPostgresServer(settings);
    shared.later(() => started.end());
    return new StoppableServer(started);
  });
  round.later(() => server.start());
  return server;
}

/** The process ids of a database's other backends, where `condition` holds. */
export async function backendsOf(url: string, condition = 'true'): Promise<number[]> {
  const rows = await rowsOf<{ pid: number }>(
    { kind: 'postgres', url },
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database()
       AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND (${condition})`,
  );
  return rows.map(({ pid }) => pid);
}

export async function terminate(url: string, pids: readonly number[]): Promise<void> {
  if (pids.length === 0) return;
  await rowsOf(
    { kind: 'postgres', url },
    `SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[${pids.join()}]) AS pid`,
  );
}

/** The store's connection that listens, in the words of its statements. */
export const LISTENING = "query LIKE 'LISTEN%' OR query LIKE '%max(sequence_number), 0)::text%'";
