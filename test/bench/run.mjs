// npm run bench: measures our stores, the raw drivers, the peers and FACTSTR's engine in turns on this machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Bench } from './bench.mjs';
import { NAMES, allContestants } from './contestants/contestants.mjs';
import { USAGE, readOptions } from './options.mjs';
import { Places } from './places/places.mjs';
import { machine } from './report/machine.mjs';
import { plainCell } from './report/cells.mjs';
import { report } from './report/report.mjs';
import { plot } from './report/plot.mjs';
import { workloads } from './workloads/workloads.mjs';

const options = readOptions(process.argv.slice(2), workloads);
if (options.help) {
  console.log(USAGE);
  process.exit();
}

process.once('SIGINT', () => process.exit(130));
const began = performance.now();
const { contestants, missing } = await allContestants(options.contestants);
const places = new Places();
try {
  const bench = new Bench({ ...options, onMeasured: tell }, contestants, places);
  for (const workload of workloads) {
    if (options.only !== undefined && !options.only.includes(workload.id)) continue;
    const start = performance.now();
    console.error(`\n${workload.title}`);
    await workload.run(bench);
    console.error(`  ${workload.id}: ${((performance.now() - start) / 1_000).toFixed(0)} s`);
  }
  await bench.closeKept();
  const minutes = (performance.now() - began) / 60_000;
  const about = { ...(await machine(places)), minutes, missing, notes: bench.notes, options };
  const markdown = await report(bench.results, about);
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const out = options.out && resolve(root, options.out);
  if (out === undefined) process.stdout.write(markdown);
  else {
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'benchmarks.md'), markdown);
    writeFileSync(join(out, 'benchmarks.svg'), plot(bench.results));
    console.error(`\nWritten to ${options.out}/benchmarks.md and benchmarks.svg`);
  }
} finally {
  await places.end();
}

/** A line for each result, as it comes. */
function tell(results) {
  for (const result of results) {
    const row = results.filter(
      (other) => other.engine === result.engine && other.case === result.case,
    );
    const name = `${result.engine}, ${result.case}`.padEnd(52);
    console.error(`  ${name} ${NAMES[result.id].padEnd(22)} ${plainCell(result, row)}`);
  }
}
