// Removes one guard after the other and looks whether a suite notices: npm run test:mutations [-- --only name,name]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { testChildren } from '../support/children.mjs';
import { startPostgresServer } from '../support/postgres-server.mjs';
import { mutations } from './mutations.js';
import type { Mutation } from './mutations.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COPIED = ['lib', 'test', 'docs', 'sample', 'package.json', 'tsconfig.json', 'jest.config.js'];
/** A hang is a failure too. In milliseconds. */
const TIME_LIMIT = 15 * 60_000;

const { values } = parseArgs({
  options: { only: { type: 'string' }, list: { type: 'boolean', default: false } },
});
const names = values.only?.split(',');
const unknown = names?.filter((name) => !mutations.some((mutation) => mutation.name === name));
if (unknown !== undefined && unknown.length > 0) {
  throw new Error(`There is no mutation ${unknown.join(', ')}; --list shows them.`);
}
const chosen = mutations.filter(({ name }) => names?.includes(name) ?? true);
if (values.list) for (const { name, promise } of chosen) console.log(`${name}: ${promise}`);
else process.exitCode = await run();

async function run(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'factstr-mutations-'));
  const server = await startPostgresServer();
  try {
    for (const name of COPIED) {
      // The sub-projects' own packages are not needed here.
      const filter = (path: string): boolean =>
        !path.includes('node_modules') && !path.endsWith('target');
      await cp(join(ROOT, name), join(folder, name), { recursive: true, filter });
    }
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const suites = [...new Set(chosen.flatMap(({ suites }) => suites))];
    const untouched = await jest(folder, server.url, suites);
    const red = [...untouched.failed, ...untouched.broken];
    console.log(`without any mutation: ${untouched.passed} passed, ${red.length} failed`);
    if (red.length > 0 || untouched.passed === 0) {
      console.log(`The suites are to be green first: ${red.slice(0, 5).join('; ')}`);
      return 1;
    }
    const survived: string[] = [];
    for (const mutation of chosen) {
      const noticed = await tried(folder, server.url, mutation);
      if (!noticed) survived.push(mutation.name);
    }
    console.log(`\n${chosen.length - survived.length} mutations noticed, ${survived.length} not`);
    return survived.length === 0 ? 0 : 1;
  } finally {
    await server.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether a test of its suites fails. */
async function tried(
  folder: string,
  postgres: string,
  { name, file, find, replace, suites }: Mutation,
): Promise<boolean> {
  const path = join(folder, file);
  const source = await readFile(path, 'utf8');
  if (source.split(find).length !== 2) {
    console.log(`${name}: no longer applies to ${file}`);
    return false;
  }
  await writeFile(
    path,
    source.replace(find, () => replace),
  );
  try {
    const { failed, broken } = await jest(folder, postgres, suites, true);
    const noticed = failed.length > 0 && broken.length === 0;
    const how = noticed ? `noticed by: ${failed[0]}` : 'NOT NOTICED';
    console.log(`${name}: ${broken.length > 0 ? `cannot be run: ${broken[0]}` : how}`);
    return noticed;
  } finally {
    await writeFile(path, source);
  }
}

interface Outcome {
  readonly passed: number;
  readonly failed: readonly string[];
  /** Suites that could not be loaded. */
  readonly broken: readonly string[];
}

/** Runs suites, to their end or to the first failure; a hang counts as one. */
async function jest(
  folder: string,
  postgres: string,
  suites: readonly string[],
  untilFailure = false,
): Promise<Outcome> {
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--ci',
      '--runInBand',
      '--forceExit',
      ...suites,
      // Last: it takes every word behind it.
      `--reporters=${join(folder, 'test/mutations/failures.reporter.mjs')}`,
    ],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FACTSTR_TEST_POSTGRES_URL: postgres },
    },
  );
  testChildren().add(child);
  const ended = once(child, 'close');
  const failed: string[] = [];
  const broken: string[] = [];
  let passed = 0;
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said = `${said}${text.toString()}`.slice(-2_000)));
  const timer = setTimeout(() => {
    failed.push('the run did not end');
    child.kill('SIGKILL');
  }, TIME_LIMIT);
  for await (const line of createInterface({ input: child.stdout })) {
    const [, kind, what] = /^\s*(failed|broken|passed): (.*)$/.exec(line) ?? [];
    if (kind === 'failed') failed.push(what!);
    if (kind === 'broken') broken.push(what!);
    if (kind === 'passed') passed = Number(what);
    if (untilFailure && failed.length + broken.length > 0) child.kill('SIGKILL');
  }
  await ended;
  clearTimeout(timer);
  if (passed + failed.length + broken.length === 0) throw new Error(`Jest did not run: ${said}`);
  return { passed, failed, broken };
}
