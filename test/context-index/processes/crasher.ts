import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { SqliteIndexTables } from '../../../lib/stores/sqlite/schema/index-tables.js';
import { next, send } from '../../support/child-task.js';
import { Material } from '../../support/facts/arbitrary.js';

interface CrasherTask {
  readonly file: string;
  readonly seed: number;
  /** The moment of the end: at which call of which method. */
  readonly method: 'store' | 'remove';
  readonly call: number;
  readonly when: 'before' | 'after';
}

// Appends until it kills itself inside the index's own writing.
const { file, seed, method, call, when } = await next<CrasherTask>();
const original = SqliteIndexTables.prototype[method] as (argument: unknown) => unknown;
let calls = 0;
Object.defineProperty(SqliteIndexTables.prototype, method, {
  value: function (this: SqliteIndexTables, argument: unknown): unknown {
    const isLast = ++calls === call;
    if (isLast && when === 'before') process.kill(process.pid, 'SIGKILL');
    const result = original.call(this, argument);
    if (isLast) process.kill(process.pid, 'SIGKILL');
    return result;
  },
});
const material = new Material(seed);
const store = new FactstrSqliteStore(file);
for (let appends = 0; appends < 1_000; appends++) {
  store.append(material.draw(1_024));
  send(Number(store.contextIndex().head));
  // Messages are sent by the event loop.
  await new Promise((resolve) => setImmediate(resolve));
}
