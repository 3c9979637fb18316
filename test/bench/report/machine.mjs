import { availableParallelism, cpus, totalmem } from 'node:os';
import Database from 'better-sqlite3';

/** What the numbers depend on; nothing that names the machine. */
export async function machine(places) {
  const database = new Database(':memory:');
  const { version: sqlite } = database.prepare('SELECT sqlite_version() AS version').get();
  database.close();
  return {
    processor: cpus()[0]?.model.trim() || process.arch,
    cores: availableParallelism(),
    gigabytes: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    sqlite,
    postgres: await places.postgresVersion(),
    date: new Date().toISOString().slice(0, 10),
  };
}
