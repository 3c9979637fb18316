import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Application } from '../../support/fixtures/projecting-application.js';
import { shared } from './shared.js';
import type { Writer } from './writer.js';

/** The last version that kept no ids of appends: it makes fewer tables and other functions. */
const COMMIT = '5c3d0c4a9917013398bfb27401d5d7a51dfe2c19';
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Why there is no older version here. */
export function noOlderVersion(): string | undefined {
  try {
    execFileSync('git', ['cat-file', '-e', `${COMMIT}^{commit}`], { cwd: root, stdio: 'ignore' });
    return undefined;
  } catch {
    return 'it needs the history of the repository';
  }
}

export interface Version {
  readonly Application: typeof Application;
  readonly Writer: typeof Writer;
}

/** What starts processes of the older version: its own tests' support. */
export function olderVersion(): Promise<Version> {
  return shared.get('older version', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'factstr-older-'));
    shared.later(() => rm(folder, { recursive: true, force: true }));
    const archive = execFileSync('git', ['archive', COMMIT, 'lib', 'test', 'package.json'], {
      cwd: root,
      maxBuffer: 2 ** 30,
    });
    execFileSync('tar', ['-x', '-C', folder], { input: archive });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const load = (path: string): Promise<unknown> =>
      import(pathToFileURL(join(folder, 'test', path)).href);
    const { Application } = (await load('leases/support/application.ts')) as Version;
    const { Writer } = (await load('faults/support/writer.ts')) as Version;
    return { Application, Writer };
  });
}
