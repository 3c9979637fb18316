import Sqlite from 'better-sqlite3';
import { until } from '../waiting/until.js';

interface Killable {
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Stops a process outside of write transactions of these SQLite files, as takeover is promised there only. */
export async function freeze(process: Killable, files: readonly string[]): Promise<void> {
  await until(
    async () => {
      await process.kill('SIGSTOP');
      if (!files.some(isLocked)) return true;
      await process.kill('SIGCONT');
      return false;
    },
    () => 'the process to be outside a write transaction',
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
