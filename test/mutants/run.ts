// Changes the library at each place, one mutant after the other, and asks the tests: npm run test:mutants
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import type { PartialStrykerOptions, schema } from '@stryker-mutator/api/core';
import { areas } from './areas.js';
import type { Area } from './areas.js';
import { show, writeDocs } from './report.js';
import type { FactstrRunnerOptions } from './runner/plugin.js';
import type { Equivalent } from './equivalents/equivalent.js';
import { isUnlisted, scoreOf } from './score.js';
import type { AreaScore } from './score.js';

const FOLDER = 'node_modules/.cache/mutants';

const HELP = `npm run test:mutants -- [options]
  --only AREA,AREA    ${areas.map(({ name }) => name).join(', ')}
  --files FILE,FILE   only mutants of these files
  --tests GLOB,GLOB   ask these test files only
  --budget SECONDS    what the tests of one mutant may take together (default 15)
  --jobs N            processes at the same time (default 1)
  --force             forget the results of earlier runs
  --report            judge no mutant: show the results of the last runs
  --docs              write the score to docs/reliability.md`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    files: { type: 'string' },
    tests: { type: 'string' },
    budget: { type: 'string', default: '15' },
    jobs: { type: 'string', default: '1' },
    force: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

process.chdir(fileURLToPath(new URL('../../', import.meta.url)));
const names = values.only?.split(',');
const unknown = names?.find((name) => !areas.some((area) => area.name === name));
if (unknown !== undefined) throw new Error(`There is no area ${unknown}.\n${HELP}`);
if (values.help) console.log(HELP);
else process.exitCode = await main(areas.filter(({ name }) => names?.includes(name) ?? true));

/** Zero when all areas reach the score, and each survivor is listed. */
async function main(chosen: readonly Area[]): Promise<number> {
  const scores = new Map<string, AreaScore>();
  for (const area of chosen) {
    if (!values.report) await run(area);
    const score = await scoreOf(`${FOLDER}/${area.name}.json`, area.equivalents);
    if (score === undefined) console.log(`${area.name}: not run yet`);
    else scores.set(area.name, score);
  }
  const complete = show(scores) && scores.size === chosen.length;
  if (values.docs) await writeDocs(scores);
  return complete ? 0 : 1;
}

async function run({ name, mutate, tests, equivalents }: Area): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await forgetUnlisted(`${FOLDER}/${name}.json`, equivalents);
  const factstr: FactstrRunnerOptions = {
    tests: values.tests?.split(',') ?? tests,
    budget: Number(values.budget) * 1_000,
  };
  const options: PartialStrykerOptions & { factstr: FactstrRunnerOptions } = {
    mutate: values.files?.split(',') ?? [...mutate],
    testRunner: 'factstr',
    plugins: [fileURLToPath(new URL('./runner/plugin.mjs', import.meta.url))],
    coverageAnalysis: 'perTest',
    concurrency: Number(values.jobs),
    incremental: true,
    incrementalFile: `${FOLDER}/${name}.json`,
    force: values.force,
    tempDirName: `${FOLDER}/sandboxes`,
    ignorePatterns: ['dist', 'dist-sample', 'test/bench'],
    reporters: ['html', 'progress-append-only'],
    htmlReporter: { fileName: `${FOLDER}/${name}.html` },
    allowConsoleColors: false,
    disableTypeChecks: false,
    timeoutMS: 10 * 60_000,
    timeoutFactor: 20,
    dryRunTimeoutMinutes: 30,
    // The judge has thresholds of its own.
    thresholds: { high: 92, low: 85, break: null },
    warnings: false,
    cleanTempDir: 'always',
    factstr,
  };
  await new Stryker(options).runMutationTest();
}

/**
 * Stryker keeps a survivor as long as it knows of no new test that passes the place, and it does not see that a helper
 * of a test changed. A survivor that is not listed is judged anew.
 */
async function forgetUnlisted(
  incrementalFile: string,
  equivalents: readonly Equivalent[],
): Promise<void> {
  const text = await readFile(incrementalFile, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const report = JSON.parse(text) as schema.MutationTestResult;
  for (const [name, file] of Object.entries(report.files)) {
    file.mutants = file.mutants.filter(
      (mutant) => !isUnlisted(name, file.source, mutant, equivalents),
    );
  }
  await writeFile(incrementalFile, JSON.stringify(report));
}
