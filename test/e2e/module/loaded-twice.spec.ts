import { afterEach, describe, expect, it } from '@jest/globals';
import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { TestProcess } from '../../support/child-process.js';
import { Fixtures } from '../../support/fixtures/applications.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** A folder with one of `processes/` and the repository's packages. */
async function applicationOf(script: string): Promise<{ folder: string; script: URL }> {
  const folder = await fixtures.folder();
  await mkdir(join(folder, 'node_modules', '@nestjs'), { recursive: true });
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (name.startsWith('.') || name === '@nestjs') continue;
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  for (const name of await readdir(join(root, 'node_modules', '@nestjs'))) {
    const within = join('node_modules', '@nestjs', name);
    await symlink(join(root, within), join(folder, within));
  }
  await cp(fileURLToPath(new URL(`./processes/${script}`, import.meta.url)), join(folder, script));
  return { folder, script: pathToFileURL(join(folder, script)) };
}

function run(script: URL): TestProcess {
  const child = new TestProcess(script);
  fixtures.later(() => child.kill());
  return child;
}

describe('Packages that are loaded twice', () => {
  it('are named by the error: @nestjs/core', async () => {
    const { folder, script } = await applicationOf('second-nest.ts');
    const core = join(folder, 'node_modules', '@nestjs', 'core');
    await rm(core);
    await cp(join(root, 'node_modules', '@nestjs', 'core'), core, { recursive: true });
    expect(await run(script).next()).toMatch(/@nestjs\/core is loaded twice.*npm ls @nestjs\/core/);
  });

  it('are named beside Nest’s error: nestjs-factstr', async () => {
    const { folder, script } = await applicationOf('second-copy.ts');
    await cp(join(root, 'lib'), join(folder, 'copy'), { recursive: true });
    const { error, warnings } = await run(script).next<{ error: string; warnings: string[] }>();
    expect(error).toMatch(/resolve dependencies of the consumer/);
    expect(warnings).toEqual([expect.stringMatching(/nestjs-factstr is loaded 2 times.*npm ls/)]);
  });
});
