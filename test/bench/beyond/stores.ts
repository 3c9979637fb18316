import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { FactstrNatsStore } from '../../../lib/nats/store.js';
import type { NatsCluster } from '../../support/nats/server.js';
import { runSql } from '../../support/postgres.js';
import type { Done, Place } from './asked.js';
import { COLUMNS, ROWS } from './results.js';
import type { Column, Results } from './results.js';
import { Worker } from './worker-process.js';

type NatsOptions = Extract<Place, { kind: 'nats' }>['options'];

const perSecond = ({ count, took }: Done): number => (count / took) * 1_000;

/** Measures stores that several processes share: each on a place of its own. */
export class StoresBench {
  readonly #results: Results;
  readonly #cluster: NatsCluster;
  readonly #postgresUrl: string;
  readonly #folder: string;
  #places = 0;

  constructor(results: Results, cluster: NatsCluster, postgresUrl: string, folder: string) {
    this.#results = results;
    this.#cluster = cluster;
    this.#postgresUrl = postgresUrl;
    this.#folder = folder;
  }

  /** Everybody once, beginning with another one each time. */
  async round(number: number, milliseconds: number): Promise<void> {
    const first = number % COLUMNS.length;
    for (const column of [...COLUMNS.slice(first), ...COLUMNS.slice(0, first)]) {
      await this.#measure(column, milliseconds);
    }
  }

  /** How a process that begins without a view, and one that has one, read a long log. */
  async longLog(facts: number, rounds: number): Promise<void> {
    await this.#seed(facts);
    for (let round = 0; round < rounds; round++) {
      for (const suffix of ['', '-wal', '-shm']) {
        rmSync(join(this.#folder, `long.sqlite${suffix}`), { force: true });
      }
      for (const column of ['NATS, view in memory', 'NATS, view in a file'] as const) {
        const options = this.#natsOptions('long', 'long');
        const view = column === 'NATS, view in memory' ? 'memory' : options.view;
        const { worker, opened } = await Worker.start({
          kind: 'nats',
          options: { ...options, view },
        });
        this.#results.note(ROWS.reading, column, perSecond(opened));
        await worker.end();
      }
      const again = await Worker.start({
        kind: 'nats',
        options: this.#natsOptions('long', 'long'),
      });
      this.#results.note(ROWS.starting, 'NATS, view in a file', again.opened.took / 1_000);
      await again.worker.end();
    }
  }

  async #measure(column: Column, milliseconds: number): Promise<void> {
    const place = await this.#newPlace(column);
    const note = (row: string, value: number): void => this.#results.note(row, column, value);
    const { worker: first } = await Worker.start(place(0));
    await first.ask({ do: 'append', callers: 64, milliseconds: 500 });
    for (const [row, what, callers] of [
      [ROWS.one, 'append', 1],
      [ROWS.many, 'append', 64],
      [ROWS.fresh, 'fresh', 64],
    ] as const) {
      note(row, perSecond(await first.ask({ do: what, callers, milliseconds })));
    }
    const { worker: second } = await Worker.start(place(1));
    const { worker: third } = await Worker.start(place(2));
    const workers = [first, second, third];
    for (const [row, share, what] of [
      [ROWS.appends, ROWS.appendsShare, 'append'],
      [ROWS.contexts, ROWS.contextsShare, 'fresh'],
      [ROWS.contended, ROWS.contendedShare, 'contended'],
    ] as const) {
      const done = await Promise.all(
        workers.map((worker) => worker.ask({ do: what, callers: 64, milliseconds })),
      );
      const speeds = done.map(perSecond);
      note(
        row,
        speeds.reduce((sum, speed) => sum + speed, 0),
      );
      note(share, Math.min(...speeds) / Math.max(...speeds));
    }
    await second.ask({ do: 'listen' });
    await first.ask({ do: 'send', callers: 1, milliseconds: Math.min(milliseconds, 2_000) });
    const delays = second.delays.toSorted((a, b) => a - b);
    note(ROWS.delay, delays[Math.floor(delays.length / 2)] ?? NaN);
    for (const worker of workers) await worker.end();
  }

  /** A store of its own: its place for each of its processes. */
  async #newPlace(column: Column): Promise<(process: number) => Place> {
    const name = `facts_${this.#places++}`;
    if (column === 'Postgres') {
      await runSql(this.#postgresUrl, `CREATE DATABASE ${name}`);
      const url = new URL(this.#postgresUrl);
      url.pathname = `/${name}`;
      return () => ({ kind: 'postgres', url: url.href });
    }
    return (process) => {
      const options = this.#natsOptions(name, `${name}-${process}`);
      const view = column === 'NATS, view in memory' ? 'memory' : options.view;
      return { kind: 'nats', options: { ...options, view } };
    };
  }

  #natsOptions(stream: string, view: string): NatsOptions {
    const { urls, monitorUrls } = this.#cluster;
    return { servers: urls, monitorUrls, stream, view: join(this.#folder, `${view}.sqlite`) };
  }

  async #seed(facts: number): Promise<void> {
    const store = new FactstrNatsStore({ ...this.#natsOptions('long', ''), view: 'memory' });
    let written = 0;
    const write = async (): Promise<void> => {
      while (written < facts) {
        written += 20;
        await store.append(
          Array.from({ length: 20 }, (_, n) => ({
            event_type: `type-${n % 7}`,
            payload: { course: `c${written % 5_000}`, n, text: 'of some length' },
          })),
        );
      }
    };
    await Promise.all(Array.from({ length: 64 }, write));
    await store.close();
  }
}
