// Runs a live and a durable stream, and keeps a journal of what they are given.
import { setTimeout as pause } from 'node:timers/promises';
import { FactstrPostgresStore, FactstrSqliteStore } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { next, send } from '../../support/child-task.js';
import { Journal } from '../../support/history/journal.js';
import type { StoreOptions } from '../support/storage.js';

export interface StreamerTask {
  options: StoreOptions;
  journal: string;
  /** How long its handlers take with a batch until they are told to hurry, in milliseconds. */
  slowness: number;
}

/** One delivery. */
export interface Delivered {
  stream: 'live' | 'durable';
  numbers: number[];
}

/** What the process tells. */
export type StreamerTold =
  | 'running'
  | { stream: Delivered['stream']; last: number }
  /** At its end: by how many bytes it grew at most since it was loaded. */
  | { grown: number };

process.on('disconnect', () => process.exit());

const { options, journal: path, slowness } = await next<StreamerTask>();
const loaded = process.memoryUsage.rss();
const journal = new Journal(path);
const onStreamError = (): void => undefined;
const store =
  options.provider === 'sqlite'
    ? new FactstrSqliteStore(options.path, { ...options, onStreamError })
    : new FactstrPostgresStore(options.url, { ...options, onStreamError });
let hurried = slowness === 0;
const deliver = (stream: Delivered['stream']) => async (facts: EventRecord[]) => {
  if (!hurried) await pause(slowness);
  const numbers = facts.map(({ sequence_number }) => Number(sequence_number));
  journal.write({ stream, numbers } satisfies Delivered);
  tell({ stream, last: numbers.at(-1)! });
};
const live = store.streamAll(deliver('live'));
await live.started;
await store.streamAllDurable({ name: 'durable' }, deliver('durable'));
tell('running');
while ((await next<'hurry' | 'stop'>()) === 'hurry') hurried = true;
await store.close();
journal.close();
tell({ grown: process.resourceUsage().maxRSS * 1_024 - loaded });
process.exit();

function tell(told: StreamerTold): void {
  send(told);
}
