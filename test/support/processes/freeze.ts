import Sqlite from 'better-sqlite3';
import type { Application } from '../../support/fixtures/projecting-application.js';
import { after } from './moments.js';
import { until } from '../../support/waiting/until.js';

/** Stops a process outside of write transactions of these SQLite files, as takeover is promised there only. */
export async function freeze(application: Application, files: readonly string[]): Promise<void> {
  await until(
    async () => {
      await application.kill('SIGSTOP');
      if (!files.some(isLocked)) return true;
      await application.kill('SIGCONT');
      await after(3);
      return false;
    },
    () => 'the owner to be outside a write transaction',
  );
}

function isLocked(file: string): boolean {
  const database = new Sqlite(file, { timeout: 200 });
  try {
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}
