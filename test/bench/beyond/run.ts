// npm run bench:beyond: the stores that several processes share, side by side (Postgres, and NATS with three replicas), and
// the relay to each of its targets. A whole run writes docs/benchmarks-beyond.md.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NatsCluster } from '../../support/nats/server.js';
import { startPostgresServer } from '../../support/postgres-server.mjs';
import { measureRelay } from './relay.js';
import { Results, page } from './results.js';
import { StoresBench } from './stores.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    milliseconds: { type: 'string', default: '3000' },
    facts: { type: 'string', default: '1000000' },
    relayed: { type: 'string', default: '100000' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm run bench:beyond -- [options]

  --rounds <n>        of each measurement, in turns; the medians count. Default 3
  --milliseconds <n>  of each measurement. Default 3000
  --facts <n>         of the long log that a fresh process reads. Default 1000000; 0 leaves it out
  --relayed <n>       facts that are relayed to each target. Default 100000; 0 leaves the relay out
  --out <file>        where the page goes. Without it to the standard output; docs/benchmarks-beyond.md after a run
                      without options`);
  process.exit();
}
const [rounds, milliseconds, facts, relayed] = [
  values.rounds,
  values.milliseconds,
  values.facts,
  values.relayed,
].map(Number) as [number, number, number, number];
const isWhole = process.argv.length === 2;

const folder = mkdtempSync(join(tmpdir(), 'factstr-beyond-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const began = performance.now();
const [stores, relay] = [new Results(), new Results()];
const missing: string[] = [];

if (milliseconds > 0) {
  const postgres = await startPostgresServer({
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    shared_buffers: '512MB',
  });
  const cluster = await NatsCluster.start({ servers: 3, sync: 'always' });
  try {
    const bench = new StoresBench(stores, cluster, postgres.url, folder);
    for (let round = 0; round < rounds; round++) await bench.round(round, milliseconds);
    if (facts > 0) await bench.longLog(facts, rounds);
  } finally {
    await cluster.stop();
    await postgres.end();
  }
}
if (relayed > 0) missing.push(...(await measureRelay(relay, relayed, rounds, folder)));

const number = (value: number): string => value.toLocaleString('en');
const about = [
  `${cpus()[0]?.model.trim() ?? process.arch}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB; Node ${process.version.slice(1)}; ${new Date().toISOString().slice(0, 10)}; ${((performance.now() - began) / 60_000).toFixed(0)} minutes. All servers and all processes share these cores and one disk.`,
  '',
  `Everybody in turns: ${rounds} rounds of ${milliseconds / 1_000} s each, beginning with another one each time; values are medians. Durability is that of a power cut: Postgres with \`fsync\` and \`synchronous_commit\`, NATS with three servers, three replicas and \`sync_interval: always\`. The long log has ${number(facts)} facts. The relay sends ${number(relayed)} facts of some 150 bytes from SQLite, from the start of its application on; NATS with its default \`sync_interval\` unless said.`,
  ...(missing.length === 0
    ? []
    : ['', `Left out, for there is no server here: ${missing.join('; ')}.`]),
];
const markdown = await page(stores, relay, about);
const out =
  values.out ??
  (isWhole
    ? fileURLToPath(new URL('../../../docs/benchmarks-beyond.md', import.meta.url))
    : undefined);
if (out === undefined) process.stdout.write(markdown);
else {
  writeFileSync(out, markdown);
  console.error(`Written to ${out}`);
}
process.exit();
