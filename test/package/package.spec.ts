import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PackedPackage, compile, node, npm, repository } from './support/packed.js';

// What a user gets: the packed package, installed into a fresh folder from the registry.

describe('the packed package', () => {
  const packed = PackedPackage.ofSuite();

  it('holds the build, the docs, the README and the license, and nothing else', async () => {
    const list = await npm(repository, 'pack', '--json', '--ignore-scripts', '--dry-run');
    const [{ files }] = Object.values(JSON.parse(list) as object) as [
      { files: { path: string }[] },
    ];
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'package.json',
        'README.md',
        'LICENSE',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/dashboard/index.js',
        'dist/dashboard/index.d.ts',
        'dist/nats/index.js',
        'dist/nats/index.d.ts',
        'dist/opentelemetry/index.js',
        'dist/opentelemetry/index.d.ts',
        'dist/prometheus/index.js',
        'dist/prometheus/index.d.ts',
        'dist/terminus/index.js',
        'dist/terminus/index.d.ts',
        'dist/testing/index.js',
        'dist/testing/index.d.ts',
        'dist/typeorm/index.js',
        'dist/typeorm/index.d.ts',
      ]),
    );
    const others = paths.filter(
      (file) => !/^(dist\/|docs\/|package\.json$|README\.md$|LICENSE$)/.test(file),
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
      const target = await packed.application(app, {
        'package.json': `${app}/package.json`,
        'tsconfig.json': 'tsconfig.app.json',
        'app.ts': 'app.ts',
      });
      expect((await version(target, '@nestjs/core')).split('.')[0]).toBe(major);
      await compile(target);
      const stdout = await node(target, 'out/app.js', 'data/facts.sqlite');
      expect(JSON.parse(stdout)).toEqual({ decided: '2', state: 'live' });
    },
    300_000,
  );

  it('runs beside TypeORM with the override that the README names', async () => {
    const target = await packed.application('typeorm', {
      'package.json': 'typeorm/package.json',
      'tsconfig.json': 'tsconfig.app.json',
      'app.ts': 'typeorm/app.ts',
    });
    const readme = await readFile(join(repository, 'README.md'), 'utf8');
    const [override] = /"overrides": [^`]*/.exec(readme)!;
    const manifest = await readFile(join(target, 'package.json'), 'utf8');
    expect(JSON.parse(`{${override}}`)).toEqual({
      overrides: (JSON.parse(manifest) as { overrides: unknown }).overrides,
    });
    expect((await version(target, 'better-sqlite3')).split('.')[0]).toBe('13');
    await compile(target);
    const stdout = await node(target, 'out/app.js');
    expect(JSON.parse(stdout)).toEqual({ rows: 3 });
  }, 300_000);

  it('is imported and required without any driver, and names what a store lacks', async () => {
    const target = await packed.application('no-driver', { 'package.json': 'bare/package.json' });
    const script = (load: string): string =>
      `${load}; new FactstrMemoryStore().append([{ event_type: 'a', payload: {} }]);` +
      `try { new FactstrSqliteStore('facts.sqlite') } catch (error) { console.log(error.code, error.message) }`;
    const names = '{ FactstrMemoryStore, FactstrSqliteStore }';
    for (const [type, load] of [
      ['module', `import ${names} from 'nestjs-factstr'`],
      ['commonjs', `const ${names} = require('nestjs-factstr')`],
    ] as const) {
      const stdout = await node(target, `--input-type=${type}`, '-e', script(load));
      expect(stdout).toMatch(/^MISSING_DRIVER .*npm install better-sqlite3/);
    }
  }, 300_000);
});

async function version(target: string, name: string): Promise<string> {
  const manifest = await readFile(join(target, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
