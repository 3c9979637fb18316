import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import { TestProcess } from '../support/child-process.js';
import { testDatabases } from '../support/postgres/database.js';
import { machineTime } from '../support/waiting/machine-time.mjs';

const library = fileURLToPath(new URL('../../lib', import.meta.url));
const create = testDatabases();

describe('Where pg is not installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'factstr-driver-'));

  /** The library's JavaScript in a folder from which no package can be found. */
  beforeAll(() => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
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
        const { code } = transformSync(readFileSync(join(library, layer, name), 'utf8'), {
          filename: name,
          swcrc: false,
          jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
          module: { type: 'es6' },
        });
        const output = join(folder, layer, name.replace(/\.ts$/, '.js'));
        mkdirSync(dirname(output), { recursive: true });
        writeFileSync(output, code);
      }
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('the module loads, a store is made, and its first use says how to install it', () => {
    const module = pathToFileURL(join(folder, 'stores/postgres/store.js')).href;
    const script = `
      import { FactstrPostgresStore } from ${JSON.stringify(module)};
      const store = new FactstrPostgresStore('postgres://localhost/facts');
      await store.append([{ event_type: 'noted', payload: 1 }]).catch((error) => {
        console.log(error.code, error.message);
      });`;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(output).toContain('MISSING_DRIVER');
    expect(output).toContain('npm install pg');
  });
});

describe('A process', () => {
  it.each(['idle', 'streaming and closed'])(
    'ends by itself with a store that is %s',
    async (how) => {
      const database = await create();
      const script = new URL('./processes/ending.ts', import.meta.url);
      const child = new TestProcess(script, { url: database.url, streaming: how !== 'idle' });
      expect(await child.next()).toEqual({ current_context_version: 1n });
      // Connections that are idle for less than idleTimeoutMillis do not keep it.
      const begin = machineTime();
      expect(await child.exited).toBe('0');
      expect(machineTime() - begin).toBeLessThan(8_000);
    },
  );
});
