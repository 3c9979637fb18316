import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { done, next, send } from '../../support/child-task.js';

interface Task {
  file: string;
  name: string;
  /** The size of each append, in order. */
  batches: number[];
}

// Appends at the test's word, half of the batches synchronously, half through the queue.
const { file, name, batches } = await next<Task>();
send('ready');
await next();
const store = new FactstrSqliteStore(file);
const results = [];
for (const [index, size] of batches.entries()) {
  const events = Array.from({ length: size }, (_, n) => ({
    event_type: name,
    payload: { batch: index, n },
  }));
  const queued = index % 2 === 0;
  const { first_sequence_number, last_sequence_number } = queued
    ? await store.promises.append(events)
    : store.append(events);
  results.push([Number(first_sequence_number), Number(last_sequence_number)]);
}
void store.close();
send(results);
done();
