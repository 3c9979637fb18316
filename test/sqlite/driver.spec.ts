import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import { TestFolder } from '../support/sqlite/folder.js';

const library = fileURLToPath(new URL('../../lib', import.meta.url));

/** The library's JavaScript in a folder from which no package can be found. */
function copyLibrary(folder: TestFolder): void {
  writeFileSync(folder.file('package.json'), '{ "type": "module" }');
  for (const layer of [
    'support',
    'contract',
    'facts',
    'matching',
    'context-index',
    'cursors',
    'streams',
    'stores',
  ]) {
    for (const name of readdirSync(join(library, layer), { recursive: true }) as string[]) {
      if (!name.endsWith('.ts')) continue;
      const source = readFileSync(join(library, layer, name), 'utf8');
      const { code } = transformSync(source, {
        filename: name,
        swcrc: false,
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      });
      const output = folder.file(join(layer, name.replace(/\.ts$/, '.js')));
      mkdirSync(dirname(output), { recursive: true });
      writeFileSync(output, code);
    }
  }
}

/** Runs a script with the store's class in scope; what it writes. */
function run(folder: TestFolder, script: string): { output: string; errors: string } {
  const module = pathToFileURL(folder.file('stores/sqlite/store.js')).href;
  const whole = `import { FactstrSqliteStore } from ${JSON.stringify(module)};\n${script}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', whole], {
    cwd: folder.path,
    encoding: 'utf8',
  });
  return { output: stdout, errors: stderr };
}

describe('Where better-sqlite3 is not installed', () => {
  const folder = new TestFolder();
  beforeAll(() => copyLibrary(folder));
  afterAll(() => folder.dispose());

  it('the module loads, and a store says how to install it', () => {
    const { output } = run(
      folder,
      `try {
        new FactstrSqliteStore(${JSON.stringify(folder.file('new/facts.sqlite'))});
      } catch (error) {
        console.log(error.code, error.message);
      }`,
    );
    expect(output).toContain('MISSING_DRIVER');
    expect(output).toContain('npm install better-sqlite3');
  });
});

describe('Where better-sqlite3 is installed', () => {
  const folder = new TestFolder();
  const driver = createRequire(import.meta.url).resolve('better-sqlite3');
  beforeAll(() => copyLibrary(folder));
  afterAll(() => folder.dispose());

  function install(version: string, main: string): void {
    const at = folder.file('node_modules/better-sqlite3');
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, 'package.json'), JSON.stringify({ version, main: 'index.cjs' }));
    writeFileSync(join(at, 'index.cjs'), `module.${main};`);
  }

  /** What two stores and their streams write to the error output, with a driver that says it is of this version. */
  function warnings(version: string): string {
    install(version, `exports = require(${JSON.stringify(driver)})`);
    const { output, errors } = run(
      folder,
      `for (const name of ['a.sqlite', 'b.sqlite']) {
        const store = new FactstrSqliteStore(${JSON.stringify(folder.path)} + '/' + name);
        store.append([{ event_type: 'noted', payload: {} }]);
        await store.streamAllDurable({ name: 's' }, () => undefined);
        await store.close();
      }
      console.log('closed');`,
    );
    expect(output).toBe('closed\n');
    return errors;
  }

  const [node] = process.versions.node.split('.');
  const is24 = Number(node) >= 24;

  it('version 12 is warned of once on Node 24 and newer, with the way out', () => {
    const errors = warnings('12.4.1');
    expect(errors.match(/NESTJS_FACTSTR_OLD_DRIVER/g)?.length ?? 0).toBe(is24 ? 1 : 0);
    if (!is24) return;
    expect(errors).toContain('better-sqlite3 12.4.1');
    expect(errors).toContain('npm install better-sqlite3@13');
    expect(errors).toContain('"overrides"');
  });

  it('version 13 is not', () => {
    expect(warnings('13.0.0')).toBe('');
  });

  it('version 13 is refused on a Node that it crashes, before it is loaded', () => {
    install('13.0.0', 'exports = class { constructor() { process.exit(9); } }');
    const { output } = run(
      folder,
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });
      try {
        new FactstrSqliteStore(${JSON.stringify(folder.file('old-node.sqlite'))});
      } catch (error) {
        console.log(error.code, error.message);
      }`,
    );
    expect(output).toMatch(/^MISSING_DRIVER better-sqlite3 13.0.0 needs Node 22/);
  });
});
