import { writeFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { createDatabase } from '../support/postgres.js';
import type { TestDatabase } from '../support/postgres.js';
import { PackedPackage, node } from './support/packed.js';

const external = [
  'better-sqlite3',
  'pg',
  '@nestjs/microservices',
  '@nestjs/websockets',
  '@nestjs/platform-express',
  'class-transformer',
  'class-validator',
];

/** Nest's packages require builtin modules; it imports `createRequire` under that name itself. */
const requireInEsm =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

const formats = [
  ['CommonJS', 'cjs', '.cjs'],
  ['an ES module', 'esm', '.mjs'],
] as const;

describe('an application bundled by esbuild', () => {
  const packed = PackedPackage.ofSuite();
  let target: string;
  let database: TestDatabase;

  /** @returns what esbuild warned of */
  const bundle = async (
    entry: string,
    format: 'cjs' | 'esm',
    file: string,
    moved = false,
  ): Promise<string[]> => {
    const { warnings } = await build({
      absWorkingDir: target,
      entryPoints: [entry],
      outfile: file,
      bundle: true,
      platform: 'node',
      format,
      external,
      logLevel: 'silent',
      ...(moved && { define: { 'import.meta.url': '"file:///build/machine/bundle.js"' } }),
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
      ...(format === 'esm' && { banner: { js: requireInEsm } }),
    });
    return warnings.map(({ text }) => text);
  };

  beforeAll(async () => {
    target = await packed.application('bundle', {
      'package.json': 'bundle/package.json',
      'app.ts': 'bundle/app.ts',
    });
    database = await createDatabase();
  }, 300_000);
  afterAll(() => database?.drop());

  it.each(formats)(
    'warns of a second copy of the package as %s, and of none without it',
    async (_name, format, extension) => {
      await writeFile(join(target, 'copy.ts'), "export { FactstrModule } from 'nestjs-factstr';");
      const file = join(target, `copy${extension}`);
      await bundle('copy.ts', format, file);
      const load = (...places: string[]): Promise<string> => {
        const imports = places.map((place) => `await import(${JSON.stringify(place)});`).join('');
        const print = "process.on('warning', ({ message }) => console.log(message));";
        return node(target, '--no-warnings', '--input-type=module', '-e', print + imports);
      };
      expect(await load(file, `${file}?again`)).toBe('');
      const warning = await load(file, 'nestjs-factstr');
      expect(warning).toContain('nestjs-factstr is loaded 2 times');
      expect(warning).toContain(`copy${extension}`);
    },
  );

  it('runs, as CommonJS and as an ES module, where only the drivers are installed', async () => {
    for (const [, format, extension] of formats) {
      expect(await bundle('app.ts', format, join(target, `app${extension}`))).toEqual([]);
    }
    // Others than esbuild put the path of the source in the place of `import.meta.url`.
    await bundle('app.ts', 'cjs', join(target, 'app-moved.cjs'), true);
    for (const bundled of ['nestjs-factstr', '@nestjs', 'reflect-metadata', 'rxjs']) {
      await rm(join(target, 'node_modules', bundled), { recursive: true });
    }
    for (const [index, program] of ['app.cjs', 'app.mjs', 'app-moved.cjs'].entries()) {
      const number = String(index + 1);
      const printed = await node(target, program, database.url);
      expect(JSON.parse(printed)).toEqual([number, number]);
    }
  }, 120_000);
});
