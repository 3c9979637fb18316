import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Where rustup puts it, which not every shell has in its path. */
const folders = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  join(process.env['CARGO_HOME'] ?? join(process.env['HOME'] ?? '/', '.cargo'), 'bin'),
];

/** The program's path; absent where it is not installed. */
export const cargo = folders
  .map((folder) => join(folder, process.platform === 'win32' ? 'cargo.exe' : 'cargo'))
  .find((path) => existsSync(path));

const source = fileURLToPath(new URL('../../interop/engine/', import.meta.url));

/** Outside the sources: nothing that looks at them shall look at what a compiler left. */
const target =
  process.env['CARGO_TARGET_DIR'] ??
  fileURLToPath(new URL('../../../node_modules/.cache/factstr-engine/', import.meta.url));

/** For the hooks that build: a clean build compiles some 150 crates. */
export const BUILD_TIMEOUT = 20 * 60_000;

export interface Build {
  /** The program's path. */
  readonly program: string;
  /** How long this build took, in milliseconds. */
  readonly took: number;
  /** How long the last build took that began without a program, in milliseconds; `null` where it was made elsewhere. */
  readonly tookClean: number | null;
}

let build: Promise<Build> | undefined;

/**
 * Builds FACTSTR's engine, or finds it built. Cargo itself locks its folder: several processes may call this at the
 * same time, one of them builds.
 */
export function buildEngine(): Promise<Build> {
  return (build ??= runCargo());
}

async function runCargo(): Promise<Build> {
  if (cargo === undefined) throw new Error('cargo is not installed: https://rustup.rs');
  const program = join(target, 'release', 'factstr-engine');
  const record = join(target, 'clean-build.json');
  const clean = !existsSync(program);
  mkdirSync(target, { recursive: true });
  const began = performance.now();
  // `--locked`: the versions that the tests are written against, and no others.
  await promisify(execFile)(cargo, ['build', '--release', '--locked'], {
    cwd: source,
    env: { ...process.env, CARGO_TARGET_DIR: target },
    maxBuffer: 64 * 1024 * 1024,
  });
  const took = Math.round(performance.now() - began);
  if (clean) writeFileSync(record, JSON.stringify(took));
  const tookClean = existsSync(record) ? Number(readFileSync(record, 'utf8')) : null;
  return { program, took, tookClean };
}
