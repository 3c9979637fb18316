// npm run bench:beyond: the stores that several processes share, side by side: Postgres, and NATS with three replicas.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FactstrNatsStore } from '../../../lib/nats/store.js';
import { NatsCluster } from '../../support/nats/server.js';
import { startPostgresServer } from '../../support/postgres-server.mjs';
import { runSql } from '../../support/postgres.js';
import type { Arrived, Asked, Done, Place } from './asked.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    milliseconds: { type: 'string', default: '3000' },
    facts: { type: 'string', default: '1000000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm run bench:beyond -- [--rounds 3] [--milliseconds 3000] [--facts 1000000]
Measures in turns, and prints the medians. --facts 0 leaves the reading of a long log out.`);
  process.exit();
}
const rounds = Number(values.rounds);
const milliseconds = Number(values.milliseconds);

const folder = await mkdtemp(join(tmpdir(), 'factstr-beyond-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const postgres = await startPostgresServer({
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '512MB',
});
const cluster = await NatsCluster.start({ servers: 3, sync: 'always' });
let places = 0;

/** A process with a store that is open. */
class Worker {
  readonly #child: ChildProcess;
  readonly delays: number[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message: Done | Arrived) => {
      if ('delay' in message) this.delays.push(message.delay);
    });
  }

  static async start(place: Place): Promise<{ readonly worker: Worker; readonly opened: Done }> {
    const file = fileURLToPath(new URL('./worker.ts', import.meta.url));
    const child = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const worker = new Worker(child);
    return { worker, opened: await worker.ask({ do: 'open', place }) };
  }

  ask(asked: Asked): Promise<Done> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('A worker ended.'));
      const heard = (message: Done | Arrived): void => {
        if ('delay' in message) return;
        this.#child.off('message', heard);
        this.#child.off('exit', ended);
        resolve(message);
      };
      this.#child.on('message', heard);
      this.#child.once('exit', ended);
      this.#child.send(asked);
    });
  }

  async end(): Promise<void> {
    await this.ask({ do: 'close' });
    this.#child.disconnect();
  }
}

type Kind = Place['kind'];

/** A store of its own: its place for each of its processes. */
async function newStore(kind: Kind): Promise<(process: number) => Place> {
  const name = `facts_${places++}`;
  if (kind === 'nats') {
    return (process) => ({ kind, options: natsOptions(name, `${name}-${process}`) });
  }
  await runSql(postgres.url, `CREATE DATABASE ${name}`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return () => ({ kind, url: url.href });
}

function natsOptions(stream: string, view: string): FactstrNatsOptions {
  return {
    servers: cluster.urls,
    monitorUrls: cluster.monitorUrls,
    stream,
    view: join(folder, `${view}.sqlite`),
  };
}
type FactstrNatsOptions = Extract<Place, { kind: 'nats' }>['options'];

const results = new Map<string, Record<Kind, number[]>>();

function note(row: string, kind: Kind, value: number): void {
  const measured = results.get(row) ?? { postgres: [], nats: [] };
  measured[kind].push(value);
  results.set(row, measured);
  console.error(`  ${kind.padEnd(9)} ${row}: ${value.toFixed(value < 100 ? 2 : 0)}`);
}

const perSecond = ({ count, took }: Done): number => (count / took) * 1_000;

async function measure(kind: Kind): Promise<void> {
  const store = await newStore(kind);
  const { worker: first } = await Worker.start(store(0));
  const alone = async (row: string, what: 'append' | 'fresh', callers: number): Promise<void> =>
    note(row, kind, perSecond(await first.ask({ do: what, callers, milliseconds })));
  await first.ask({ do: 'append', callers: 64, milliseconds: 500 });
  await alone('append ×1, per second', 'append', 1);
  await alone('append ×64, per second', 'append', 64);
  await alone('appendIf, new contexts, ×64, per second', 'fresh', 64);
  const { worker: second } = await Worker.start(store(1));
  const { worker: third } = await Worker.start(store(2));
  const workers = [first, second, third];
  for (const [row, what] of [
    ['three processes: append, per second', 'append'],
    ['three processes: new contexts, per second', 'fresh'],
    ['three processes: contended verdicts, per second', 'contended'],
  ] as const) {
    const done = await Promise.all(
      workers.map((worker) => worker.ask({ do: what, callers: 64, milliseconds })),
    );
    const speeds = done.map(perSecond);
    note(
      row,
      kind,
      speeds.reduce((sum, speed) => sum + speed, 0),
    );
    note(
      `${row.split(',')[0]}, slowest ÷ fastest`,
      kind,
      Math.min(...speeds) / Math.max(...speeds),
    );
  }
  await second.ask({ do: 'listen' });
  await first.ask({ do: 'send', callers: 1, milliseconds: Math.min(milliseconds, 2_000) });
  const delays = second.delays.toSorted((a, b) => a - b);
  note('to a handler in another process, p50, ms', kind, delays[Math.floor(delays.length / 2)]);
  for (const worker of workers) await worker.end();
}

/** How a process that begins without a view, and one that has one, read a long log. */
async function readLongLog(facts: number): Promise<void> {
  const seeding = new FactstrNatsStore({ ...natsOptions('long', ''), view: 'memory' });
  let written = 0;
  const write = async (): Promise<void> => {
    while (written < facts) {
      written += 20;
      await seeding.append(
        Array.from({ length: 20 }, (_, n) => ({
          event_type: `type-${n % 7}`,
          payload: { course: `c${written % 5_000}`, n, text: 'of some length' },
        })),
      );
    }
  };
  await Promise.all(Array.from({ length: 64 }, write));
  await seeding.close();
  const place: Place = { kind: 'nats', options: natsOptions('long', 'long') };
  for (let round = 0; round < rounds; round++) {
    for (const suffix of ['', '-wal', '-shm']) {
      rmSync(join(folder, `long.sqlite${suffix}`), { force: true });
    }
    const { worker, opened } = await Worker.start(place);
    note(
      `a fresh process reads ${facts} facts into a view on disk, facts/s`,
      'nats',
      perSecond(opened),
    );
    await worker.end();
    const again = await Worker.start(place);
    note(`starts with that view, s`, 'nats', again.opened.took / 1_000);
    await again.worker.end();
  }
}

try {
  for (let round = 0; round < rounds; round++) {
    for (const kind of round % 2 === 0
      ? (['postgres', 'nats'] as const)
      : (['nats', 'postgres'] as const)) {
      await measure(kind);
    }
  }
  if (Number(values.facts) > 0) await readLongLog(Number(values.facts));
  console.log('| | Postgres | NATS, R3 | ratio |\n| --- | ---: | ---: | ---: |');
  for (const [row, { postgres: p, nats: n }] of results) {
    const [of, other] = [median(n), median(p)];
    console.log(`| ${row} | ${shown(other)} | ${shown(of)} | ${shown(of / other)} |`);
  }
} finally {
  await cluster.stop();
  await postgres.end();
}
process.exit();

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

function shown(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(value < 100 ? 2 : 0);
}
