import { afterEach, expect } from '@jest/globals';
import type { NewEvent } from '../../../lib/contract/contract.types.js';
import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options.js';
import type { StoreDatabase } from '../../support/postgres/database.js';
import { insertFacts } from '../../support/index/postgres-log.js';
import { KnowingProcess } from '../../support/index/watched-connection.js';

/** Begins processes, and ends them after the test, whatever was to happen at their steps. */
export function knowingProcesses(): (
  database: { readonly url: string },
  options?: PostgresStoreOptions,
) => KnowingProcess {
  const processes: KnowingProcess[] = [];
  afterEach(async () => {
    for (const process of processes.splice(0)) {
      process.connection.before = () => undefined;
      await process.end();
    }
  });
  return ({ url }, options) => {
    const process = new KnowingProcess(url, options);
    processes.push(process);
    return process;
  };
}

/** Appends facts that are a hole for a process, and no more of its tail. */
export async function growHole(
  database: StoreDatabase,
  { log }: KnowingProcess,
  facts: readonly NewEvent[],
  number?: number,
): Promise<void> {
  await insertFacts(database, facts, number);
  await log.refresh();
  log.memory.tail.trim(log.memory.tail.end);
  expect(log.memory.hasHoles).toBe(true);
}
