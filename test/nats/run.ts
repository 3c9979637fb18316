// Three processes on three NATS servers, under faults at random, and what came of it:
//   npm run test:nats -- --minutes 10 --seed 1 [--json file]
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NatsCluster } from '../support/nats/server.js';
import { Random } from '../support/random.js';
import { SmallDisk, noSmallDisk } from '../support/small-disk.js';
import { playRound } from './support/round.js';
import { addVerdict, emptyVerdict, isClean, textOf } from './support/verdict.js';

/** Faults of one round are done for so long, in milliseconds: then what came of it is judged. */
const ROUND_MS = 60_000;
/** Room for what an hour appends. */
const DISK_KIB = 512 * 1024;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    json: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes} is no time.`);
const seed = values.seed === undefined ? randomInt(1, 1_000_000) : Number(values.seed);
if (!Number.isSafeInteger(seed)) throw new Error(`--seed ${values.seed} is no whole number.`);

const folder = mkdtempSync(join(tmpdir(), 'factstr-nats-run-'));
const noDisk = noSmallDisk();
if (noDisk !== undefined) console.log(`NOT PLAYED: a full disk, for ${noDisk}`);
const disk = noDisk === undefined ? SmallDisk.mount(join(folder, 'n1'), DISK_KIB) : undefined;
const cluster = await NatsCluster.start({
  servers: 3,
  sync: 'always',
  folderOf: (place) => join(folder, `n${place + 1}`, 'data'),
});
const end = async (): Promise<void> => {
  await cluster.stop();
  disk?.end();
  rmSync(folder, { recursive: true, force: true });
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void end().then(() => process.exit(130)));
}
const sum = emptyVerdict();
try {
  console.log(`seed ${seed}, ${minutes} minutes`);
  let left = minutes * 60_000;
  for (let run = 1; left > 0 && isClean(sum); run++, left -= ROUND_MS) {
    const verdict = await playRound(cluster, `faults-${run}`, {
      seed: Random.seedOf(seed, 'nats', run),
      duration: Math.min(left, ROUND_MS),
      longest: 15_000,
      lanes: 12,
      think: 30,
      disk,
    });
    addVerdict(sum, verdict);
    console.log(`\nround ${run}\n${textOf(verdict)}`);
    for (const note of verdict.notes.slice(0, 12)) console.log(`  ${note.slice(0, 2_000)}`);
  }
  console.log(`\nseed ${seed}, ${minutes} minutes of faults: ${isClean(sum) ? 'clean' : 'FAILED'}`);
  console.log(textOf(sum));
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ seed, minutes, ...sum }, null, 2)}\n`);
  }
} finally {
  await end();
}
process.exit(isClean(sum) ? 0 : 1);
