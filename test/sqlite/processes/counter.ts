import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { done, next, send } from '../../support/child-task.js';

// Counts up to a limit that all processes share: each step is decided on what was read before.
const { file, limit } = await next<{ file: string; limit: number }>();
const store = new FactstrSqliteStore(file);
const query = { filters: [{ event_types: ['counted'] }] };
send('ready');
await next();
let wins = 0;
let conflicts = 0;
async function count(): Promise<void> {
  for (;;) {
    const { event_records, current_context_version } = await store.promises.query(query);
    if (event_records.length >= limit) return;
    const events = [{ event_type: 'counted', payload: event_records.length + 1 }];
    const { conflict } = await store.promises.appendIf(events, query, current_context_version);
    if (conflict) conflicts++;
    else wins++;
  }
}
await Promise.all([count(), count(), count()]);
void store.close();
send({ wins, conflicts });
done();
