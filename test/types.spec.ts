import { afterAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
/** Inside the repository, so that the declarations find the packages that they import. */
const built = join(
  root,
  'node_modules',
  '.cache',
  `factstr-types-${randomBytes(4).toString('hex')}`,
);

afterAll(() => rm(built, { recursive: true, force: true }));

/** What the compiler prints; nothing when all is well. */
function tsc(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [compiler, ...args], { cwd: root }, (error, stdout) => {
      if (error === null || stdout !== '') resolve(stdout);
      else reject(error);
    });
  });
}

describe('The types', () => {
  it('check handlers, facts and queries against an augmented FactMap', async () => {
    expect(await tsc('--noEmit', '-p', 'test/types/augmented')).toBe('');
  });

  it('check the same against schemas of several libraries', async () => {
    expect(await tsc('--noEmit', '-p', 'test/types/schemas')).toBe('');
  });

  it('leave everything usable without one', async () => {
    expect(await tsc('--noEmit', '-p', 'test/types/open')).toBe('');
  });

  it('take code that was written for FACTSTR', async () => {
    expect(await tsc('--noEmit', '-p', 'test/types/factstr')).toBe('');
  });

  it('do the same as built declarations, and take undefined for what is absent', async () => {
    expect(await tsc('-p', 'lib', '--outDir', built, '--emitDeclarationOnly')).toBe('');
    await mkdir(built, { recursive: true });
    for (const program of ['augmented', 'open', 'factstr', 'exact', 'schemas']) {
      const config = join(built, `tsconfig.${program}.json`);
      await writeFile(
        config,
        JSON.stringify({
          extends: join(root, 'test', 'types', program, 'tsconfig.json'),
          compilerOptions: {
            paths: {
              'nestjs-factstr': [join(built, 'index.d.ts')],
              'nestjs-factstr/stores': [join(built, 'stores', 'index.d.ts')],
              'nestjs-factstr/testing': [join(built, 'testing', 'index.d.ts')],
            },
            typeRoots: [join(root, 'node_modules', '@types')],
            noEmit: true,
            // What FACTSTR's declarations need, and no more.
            ...(program === 'factstr' && { lib: ['ES2020'], skipLibCheck: false }),
          },
          include: [join(root, 'test', 'types', program)],
        }),
      );
      expect(await tsc('-p', config)).toBe('');
    }
  });
});
