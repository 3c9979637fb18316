// The peers are no dependencies of the project: they are installed at the first use, in a folder of their own.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('./peers/', import.meta.url));

/** @returns whether they are there */
export function installPeers() {
  if (existsSync(`${folder}node_modules/.package-lock.json`)) return true;
  console.error('Installing the peers (once; sqlite3 may compile for a minute)…');
  try {
    execFileSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
    return true;
  } catch (error) {
    console.error(`The peers could not be installed, and are left out: ${error.message}`);
    return false;
  }
}
