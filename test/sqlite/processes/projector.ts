import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { done, next, send } from '../../support/child-task.js';

// Runs a live and a durable stream and tells the test what they are given, until its next message.
const file = await next<string>();
const store = new FactstrSqliteStore(file);
const numbers = (events: { sequence_number: bigint }[]): number[] =>
  events.map((event) => Number(event.sequence_number));
const live = store.streamAll((events) => send({ live: numbers(events) }));
await live.started;
await store.streamAllDurable({ name: 'projector' }, (events) => send({ durable: numbers(events) }));
send('running');
await next();
// Nothing else ends the process: what the store left behind would keep it.
void store.close();
done();
