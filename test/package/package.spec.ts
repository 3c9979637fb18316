import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

// What a user gets: the packed package, installed into a fresh folder from the registry.

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const repository = join(here, '../..');
const require = createRequire(import.meta.url);

describe('the packed package', () => {
  let folder: string;
  let tarball: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-factstr-package-'));
    const { stdout } = await run(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
      { cwd: repository },
    );
    tarball = join(folder, packed(stdout).filename);
  }, 120_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('holds the build, the docs, the README and the license, and nothing else', async () => {
    const { stdout } = await run('tar', ['-tzf', tarball]);
    const files = stdout.trim().split('\n');
    expect(files).toEqual(
      expect.arrayContaining([
        'package/package.json',
        'package/README.md',
        'package/LICENSE',
        'package/dist/index.js',
        'package/dist/index.d.ts',
        'package/dist/typeorm/index.js',
        'package/dist/typeorm/index.d.ts',
      ]),
    );
    const others = files.filter(
      (file) => !/^package\/(dist\/|docs\/|package\.json$|README\.md$|LICENSE$)/.test(file),
    );
    expect(others).toEqual([]);
  });

  it('declares its types without the drivers’', async () => {
    const declarations = (await readdir(join(repository, 'dist'), { recursive: true })).filter(
      (file) => file.endsWith('.d.ts'),
    );
    expect(declarations.length).toBeGreaterThan(10);
    for (const file of declarations) {
      const text = await readFile(join(repository, 'dist', file), 'utf8');
      expect(`${file}: ${String(/from ['"](pg|better-sqlite3)['"]/.test(text))}`).toBe(
        `${file}: false`,
      );
    }
  });

  it.each([
    ['Nest 12, an ES module', 'nest12', '12'],
    ['Nest 11, CommonJS', 'nest11', '11'],
  ])(
    'runs in an application on %s',
    async (_name, app, major) => {
      const target = join(folder, app);
      await install(app, target, tarball);
      const nest = JSON.parse(
        await readFile(join(target, 'node_modules/@nestjs/core/package.json'), 'utf8'),
      ) as { version: string };
      expect(nest.version.split('.')[0]).toBe(major);
      await withSqlite(target);
      await compile(target);
      const { stdout } = await run(process.execPath, ['out/app.js', 'data/facts.sqlite'], {
        cwd: target,
        env: appEnvironment(),
      });
      expect(JSON.parse(stdout)).toEqual({ decided: '2', state: 'live' });
    },
    300_000,
  );

  it('is imported and required without any driver, and names what a store lacks', async () => {
    const target = join(folder, 'no-driver');
    await install('nest12', target, tarball);
    const script = (load: string): string =>
      `${load}; new FactstrMemoryStore().append([{ event_type: 'a', payload: {} }]);` +
      `try { new FactstrSqliteStore('facts.sqlite') } catch (error) { console.log(error.code, error.message) }`;
    const names = '{ FactstrMemoryStore, FactstrSqliteStore }';
    for (const [type, load] of [
      ['module', `import ${names} from 'nestjs-factstr'`],
      ['commonjs', `const ${names} = require('nestjs-factstr')`],
    ] as const) {
      const { stdout } = await run(process.execPath, [`--input-type=${type}`, '-e', script(load)], {
        cwd: target,
        env: appEnvironment(),
      });
      expect(stdout).toMatch(/^MISSING_DRIVER .*npm install better-sqlite3/);
    }
  }, 300_000);
});

function packed(stdout: string): { filename: string } {
  // npm 11 prints a list, later versions an object by package name.
  const output = JSON.parse(stdout) as
    { filename: string }[] | Record<string, { filename: string }>;
  return Object.values(output)[0]!;
}

async function install(app: string, target: string, tarball: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await cp(join(here, 'apps', app, 'package.json'), join(target, 'package.json'));
  await cp(join(here, 'apps/app.ts'), join(target, 'app.ts'));
  await cp(join(here, 'apps/tsconfig.app.json'), join(target, 'tsconfig.json'));
  await run('npm', ['install', '--no-audit', '--no-fund', '--no-save', tarball], { cwd: target });
}

/** The driver as this repository has it: compiling it again would take a minute and test nothing of ours. */
async function withSqlite(target: string): Promise<void> {
  for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path']) {
    await cp(join(repository, 'node_modules', name), join(target, 'node_modules', name), {
      recursive: true,
      filter: (source) => !source.includes('/deps') && !source.includes('/build/Release/obj'),
    });
  }
}

/** Checks the declarations too: the application's tsconfig does not skip them. */
async function compile(target: string): Promise<void> {
  const types = join(target, 'node_modules/@types');
  await mkdir(types, { recursive: true });
  await cp(join(repository, 'node_modules/@types/node'), join(types, 'node'), { recursive: true });
  await cp(
    join(repository, 'node_modules/undici-types'),
    join(target, 'node_modules/undici-types'),
    { recursive: true },
  );
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  try {
    await run(process.execPath, [tsc, '-p', '.'], { cwd: target });
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout, { cause: error });
  }
}

/** Without Jest's variables, so that the application behaves as it does alone. */
function appEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, JEST_WORKER_ID: _worker, NODE_ENV: _env, ...rest } = process.env;
  return rest;
}
