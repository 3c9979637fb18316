// Runs a live and a durable stream, and keeps a journal of what they are given.
import { FactstrPostgresStore, FactstrSqliteStore } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { next, send } from '../../support/child-task.js';
import { Journal } from '../support/journal.js';
import type { StoreOptions } from '../support/storage.js';

export interface StreamerTask {
  options: StoreOptions;
  journal: string;
}

/** One delivery. */
export interface Delivered {
  stream: 'live' | 'durable';
  numbers: number[];
}

process.on('disconnect', () => process.exit());

const { options, journal: path } = await next<StreamerTask>();
const journal = new Journal(path);
const onStreamError = (): void => undefined;
const store =
  options.provider === 'sqlite'
    ? new FactstrSqliteStore(options.path, { ...options, onStreamError })
    : new FactstrPostgresStore(options.url, { ...options, onStreamError });
const deliver = (stream: Delivered['stream']) => (facts: EventRecord[]) => {
  const numbers = facts.map(({ sequence_number }) => Number(sequence_number));
  journal.write({ stream, numbers } satisfies Delivered);
  send({ stream, last: numbers.at(-1)! });
};
const live = store.streamAll(deliver('live'));
await live.started;
await store.streamAllDurable({ name: 'durable' }, deliver('durable'));
send('running');
await next();
await store.close();
journal.close();
send('stopped');
process.exit();
