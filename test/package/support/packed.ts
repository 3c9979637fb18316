import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from '@jest/globals';

const require = createRequire(import.meta.url);
const apps = fileURLToPath(new URL('../apps', import.meta.url));

export const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** The packed package in a temporary folder, and applications beside it that install it from there. */
export class PackedPackage {
  folder = '';
  tarball = '';

  /** Of the suite that calls it. */
  static ofSuite(): PackedPackage {
    const packed = new PackedPackage();
    beforeAll(() => packed.#pack(), 120_000);
    afterAll(() => rm(packed.folder, { recursive: true, force: true }));
    return packed;
  }

  /**
   * A folder with files of `apps/` (target name → source), the package, and what its package.json asks for.
   * `others`: further packages, with their version.
   */
  async application(
    name: string,
    files: Readonly<Record<string, string>>,
    others: readonly string[] = [],
  ): Promise<string> {
    const target = join(this.folder, name);
    await mkdir(target, { recursive: true });
    for (const [file, source] of Object.entries(files)) {
      await cp(join(apps, source), join(target, file), { recursive: true });
    }
    await npm(target, 'install', '--no-audit', '--no-fund', this.tarball, ...others);
    return target;
  }

  async #pack(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'nestjs-factstr-package-'));
    const stdout = await npm(
      repository,
      'pack',
      '--json',
      '--ignore-scripts',
      '--pack-destination',
      this.folder,
    );
    this.tarball = join(this.folder, packedFile(stdout));
  }
}

/** @returns what it printed */
export async function npm(folder: string, ...args: string[]): Promise<string> {
  return run('npm', args, folder);
}

/** Runs JavaScript in that folder, as an application does. */
export async function node(folder: string, ...args: string[]): Promise<string> {
  return run(process.execPath, args, folder);
}

/** Compiles, declarations of packages included: the applications' tsconfig do not skip them. */
export async function compile(
  folder: string,
  compiler = dirname(require.resolve('typescript/package.json')),
  ...args: string[]
): Promise<void> {
  await node(folder, join(compiler, 'bin/tsc'), '-p', '.', ...args);
}

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd, env: environment() });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}

/** Without Jest's variables, so that an application behaves as it does alone. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, JEST_WORKER_ID: _worker, NODE_ENV: _env, ...rest } = process.env;
  return rest;
}

function packedFile(stdout: string): string {
  // npm 11 prints a list, later versions an object by package name.
  const output = JSON.parse(stdout) as
    { filename: string }[] | Record<string, { filename: string }>;
  return Object.values(output)[0]!.filename;
}
