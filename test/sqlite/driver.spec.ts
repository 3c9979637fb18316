import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import { TestFolder } from './support/folder.js';

const library = fileURLToPath(new URL('../../lib', import.meta.url));

describe('Where better-sqlite3 is not installed', () => {
  const folder = new TestFolder();

  /** The library's JavaScript in a folder from which no package can be found. */
  beforeAll(() => {
    writeFileSync(folder.file('package.json'), '{ "type": "module" }');
    for (const layer of ['support', 'contract', 'matching', 'context-index', 'streams', 'stores']) {
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
  });
  afterAll(() => folder.dispose());

  it('the module loads, and a store says how to install it', () => {
    const module = pathToFileURL(folder.file('stores/sqlite/sqlite.store.js')).href;
    const script = `
      import { FactstrSqliteStore } from ${JSON.stringify(module)};
      try {
        new FactstrSqliteStore(${JSON.stringify(folder.file('new/facts.sqlite'))});
      } catch (error) {
        console.log(error.code, error.message);
      }`;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: folder.path,
      encoding: 'utf8',
    });
    expect(output).toContain('MISSING_DRIVER');
    expect(output).toContain('npm install better-sqlite3');
  });
});
