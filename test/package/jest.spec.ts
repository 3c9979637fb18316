import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { PackedPackage, node, repository } from './support/packed.js';

const JEST = 'node_modules/jest/bin/jest.js';

describe('a CommonJS application on Nest 11, tested by ts-jest', () => {
  const packed = PackedPackage.ofSuite();
  let target: string;

  beforeAll(async () => {
    target = await packed.application('jest', {
      'package.json': 'jest/package.json',
      'tsconfig.json': 'jest/tsconfig.json',
      'app.spec.ts': 'jest/app.spec.ts',
    });
  }, 300_000);

  /** Runs its tests, which are two. */
  const tested = async (config: string, ...flags: string[]): Promise<void> => {
    await rm(join(target, 'data'), { recursive: true, force: true });
    await writeFile(join(target, 'jest.config.js'), config);
    const results = await node(target, ...flags, JEST, '--json', '--no-cache');
    expect(JSON.parse(results)).toMatchObject({ success: true, numPassedTests: 2 });
  };

  it('runs with the transformation that docs/module.md shows', async () => {
    const page = await readFile(join(repository, 'docs/module.md'), 'utf8');
    const [, shown] = /```js\n(\/\/ jest\.config\.js\n[^]*?)```/.exec(page)!;
    await tested(shown!);
  }, 120_000);

  it('runs without any where Jest requires ES modules', async () => {
    const config = "module.exports = { transform: { '^.+\\\\.ts$': 'ts-jest' } };";
    await tested(config, '--experimental-vm-modules', '--disable-warning=ExperimentalWarning');
  }, 120_000);
});
