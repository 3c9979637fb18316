// node test/bench/transfer.mjs [FACTS] – measures export and import of the command line as built, each in a process of
// its own: facts per second, and the most memory that the process had. Not part of `npm run bench`, which compares.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { factstrSqlite } from './places/factstr-sqlite.seed.mjs';
import { Places } from './places/places.mjs';

const COMMAND = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
/** Tells the peak of the resident memory, in kB, as the last thing on stderr. */
const PEAK =
  'data:text/javascript,process.on("exit",()=>process.stderr.write(String(process.resourceUsage().maxRSS)))';

const facts = Number(process.argv[2] ?? 1_000_000);
const folder = mkdtempSync(join(tmpdir(), 'factstr-transfer-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
process.once('SIGINT', () => process.exit(130));
const file = join(folder, 'facts.ndjson');
const places = new Places();
try {
  const nothing = { name: 'nothing', run: async () => undefined };
  const source = join(folder, 'source.sqlite');
  await factstrSqlite.run({ path: source }, facts);
  const { url } = await places.make({ engine: 'postgres', seed: nothing }, 0);
  await measure('export from SQLite', 'export', source);
  console.log(`  the file: ${(statSync(file).size / 1e6).toFixed(0)} MB`);
  const copy = join(folder, 'copy.sqlite');
  await measure('import into SQLite', 'import', copy);
  await measure('import again, all facts being there', 'import', copy);
  await measure('import into Postgres', 'import', url);
  rmSync(file);
  await measure('export from Postgres', 'export', url);
} finally {
  await places.end();
}

async function measure(what, command, database) {
  const run = [command, file, '--json', '--database', database];
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', PEAK, COMMAND, ...run], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  if (code !== 0) throw new Error(`${what}: ${out}${err}`);
  const seconds = (performance.now() - began) / 1_000;
  const rate = Math.round(facts / seconds).toLocaleString('en');
  const megabytes = Math.round(Number(/\d+$/.exec(err)[0]) / 1_024);
  console.log(`${what}: ${rate} facts/s, ${seconds.toFixed(1)} s, at most ${megabytes} MB`);
}
