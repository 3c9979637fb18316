import { KnownLog } from '../../../lib/stores/postgres/index/known-log.js';
import { PostgresIndexTables } from '../../../lib/stores/postgres/schema/index-tables.js';
import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { next, send } from '../../support/child-task.js';
import { Material } from '../../support/facts/arbitrary.js';

export interface PostgresCrasherTask {
  readonly url: string;
  readonly seed: number;
  /**
   * The moment of the end: before this call of the index's own writing. `outcome` comes last in its transaction,
   * `stored` after the commit.
   */
  readonly method: 'insert' | 'remove' | 'outcome' | 'stored';
  readonly call: number;
  readonly signal: NodeJS.Signals;
}

// Appends until it ends itself, or stands still, in the middle of the index's own writing.
const { url, seed, method, call, signal } = await next<PostgresCrasherTask>();
const prototype = (method === 'stored'
  ? KnownLog.prototype
  : PostgresIndexTables.prototype) as unknown as Record<
  string,
  (...parameters: unknown[]) => unknown
>;
const original = prototype[method]!;
let calls = 0;
prototype[method] = function (this: unknown, ...parameters: unknown[]): unknown {
  if (++calls === call) process.kill(process.pid, signal);
  return original.apply(this, parameters);
};
const material = new Material(seed);
const store = new FactstrPostgresStore(url);
for (let appends = 0; appends < 1_000; appends++) {
  await store.append(material.draw(1_024));
  send(appends);
  await store.contextsIndexed();
}
