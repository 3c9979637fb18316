import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** What a Jest of its own says of one file. */
export function jestOn(file: string, environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const options = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--runInBand'];
  return new Promise((done) => {
    execFile(
      process.execPath,
      [...options, '--testMatch', `<rootDir>/${file}`],
      { cwd: root, env: { ...process.env, ...environment } },
      (_error, _stdout, stderr) => done(stderr),
    );
  });
}
