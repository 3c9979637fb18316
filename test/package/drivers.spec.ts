import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { PackedPackage, node } from './support/packed.js';

// Drivers that are installed and cannot be used.

const makers = {
  'better-sqlite3': "new FactstrSqliteStore('facts.sqlite')",
  pg: "await new FactstrPostgresStore('postgres://127.0.0.1/facts').connect()",
};

describe('a driver that does not load', () => {
  const packed = PackedPackage.ofSuite();
  let target: string;

  beforeAll(async () => {
    target = await packed.application('drivers', { 'package.json': 'bare/package.json' });
  }, 300_000);

  /** What making a store says when the driver's file is this. */
  const told = async (driver: keyof typeof makers, source: string): Promise<string> => {
    const folder = join(target, 'node_modules', driver);
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ name: driver, main: 'main.js' }),
    );
    await writeFile(join(folder, 'main.js'), source);
    const script = `
      import { FactstrPostgresStore, FactstrSqliteStore } from 'nestjs-factstr';
      try { ${makers[driver]} } catch (error) { console.log(error.code, error.message) }`;
    return node(target, '--input-type=module', '-e', script);
  };

  it.each(['better-sqlite3', 'pg'] as const)('is told by its own reason: %s', async (driver) => {
    const failing = await told(driver, "throw new Error('not in this sandbox')");
    expect(failing).toMatch(/^MISSING_DRIVER .*not in this sandbox/);
    expect(failing).not.toContain('npm rebuild');
    expect(failing).not.toContain('npm install');

    const halfInstalled = await told(driver, "require('a-package-that-it-needs')");
    expect(halfInstalled).toMatch(/^MISSING_DRIVER .*Cannot find module 'a-package-that-it-needs'/);
    expect(halfInstalled).not.toContain('npm rebuild');
    expect(halfInstalled).not.toContain('Require stack');
  });

  it.each([
    ['while it is loaded', (error: string) => `throw ${error}`],
    [
      'at the first connection',
      (error: string) => `module.exports = class { constructor() { throw ${error} } }`,
    ],
  ])('is to be rebuilt where its binary does not fit, found %s', async (_when, source) => {
    const mismatch =
      "Object.assign(new Error('compiled against another'), { code: 'ERR_DLOPEN_FAILED' })";
    expect(await told('better-sqlite3', source(mismatch))).toMatch(
      /^MISSING_DRIVER .*compiled against another.*npm rebuild better-sqlite3/,
    );
    const missing = "new Error('Could not locate the bindings file. Tried: …')";
    expect(await told('better-sqlite3', source(missing))).toContain('npm rebuild better-sqlite3');
  });

  it('is to be rebuilt where its binary is missing, as version 13 says it', async () => {
    const missing = "require('/nowhere/build/Release/better_sqlite3.node')";
    expect(
      await told('better-sqlite3', `module.exports = class { constructor() { ${missing} } }`),
    ).toMatch(/^MISSING_DRIVER .*npm rebuild better-sqlite3/);
  });
});
