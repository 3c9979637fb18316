import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isQuick, LEFT_OUT } from '../quick.mjs';
import { jestOn } from './support/jest-on.js';

const root = resolve(import.meta.dirname, '../..');

describe('The quick set', () => {
  const suites = globSync('test/**/*.spec.ts', { cwd: root }).map((path) => resolve(root, path));

  it.each(LEFT_OUT)('leaves out suites that are there: %s', (pattern) => {
    const left = suites.filter((suite) => new RegExp(pattern).test(suite));
    expect(left).not.toEqual([]);
    for (const suite of left) expect(isQuick(suite)).toBe(false);
  });

  it('holds the contract on every provider', () => {
    const held = suites.filter(isQuick).map((suite) => suite.slice(root.length));
    for (const provider of ['memory', 'sqlite', 'sqlite-promises', 'postgres']) {
      expect(held).toContain(`/test/conformance/${provider}.spec.ts`);
    }
    expect(held.length).toBeGreaterThan(suites.length / 2);
  });

  it('refuses a file that starts a process, however it does so', async () => {
    const said = await jestOn('test/processes/left/starts.ts');
    const [, told] = /is in the quick set, and starts processes \((.+)\)/.exec(said) ?? [];
    for (const way of ['spawn', 'fork', 'spawnSync', 'execFileSync', 'execSync', 'a thread']) {
      expect([way, told?.split('; ').filter((start) => start.endsWith(way))]).toEqual([
        way,
        [expect.any(String)],
      ]);
    }
  });
});
