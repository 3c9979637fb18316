import { rm } from 'node:fs/promises';
import Sqlite from 'better-sqlite3';
import { runSql } from '../../support/postgres.js';
import type { Round } from './round.js';
import type { StoreOptions } from './storage.js';

/** A backup of a log that nothing uses. */
export interface Copy {
  /** Puts the copy into the log's place. Nothing but Postgres's clients may use the log. */
  restore(): Promise<void>;
}

export async function copyLog(round: Round, options: StoreOptions): Promise<Copy> {
  if (options.provider === 'sqlite') {
    const copy = await round.file(`${round.name('backup')}.sqlite`);
    vacuumInto(options.path, copy);
    return {
      restore: async () => {
        for (const end of ['', '-wal', '-shm']) await rm(`${options.path}${end}`, { force: true });
        vacuumInto(copy, options.path);
      },
    };
  }
  const url = new URL(options.url);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const server = url.href;
  const copy = `${name}_${round.name('backup').replace('-', '_')}`;
  const dropCopy = () => runSql(server, `DROP DATABASE IF EXISTS ${copy} WITH (FORCE)`);
  await endSessions(server, name);
  await runSql(server, `CREATE DATABASE ${copy} TEMPLATE ${name}`);
  round.later(dropCopy);
  return {
    restore: async () => {
      // A running application comes back at once, and must find no half-made database.
      await runSql(server, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await runSql(server, `DROP DATABASE ${name} WITH (FORCE)`);
      await runSql(server, `CREATE DATABASE ${name} TEMPLATE ${copy}`);
    },
  };
}

function vacuumInto(from: string, to: string): void {
  const connection = new Sqlite(from, { timeout: 30_000 });
  try {
    connection.prepare('VACUUM INTO ?').run(to);
  } finally {
    connection.close();
  }
}

/** A template must not be in use. */
async function endSessions(server: string, name: string): Promise<void> {
  await runSql(
    server,
    'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1',
    [name],
  );
}
