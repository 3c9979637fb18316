import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { codeBlocks, moduleOf } from './code-blocks.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The types of facts that the pages speak of; those that a block makes of schemas are among them. */
const FACTS = `
declare module 'nestjs-factstr' {
  interface FactMap {
    'item-added': { sku: string };
    'item-removed': { sku: string };
    'item-lost': { sku: string };
    'order-placed': { order_id: string };
    login: { user: string };
    'course-defined': { course_id: string; title?: string; capacity: number };
    'student-registered': { student_id: string; name: string };
    'student-enrolled': { course_id: string; student_id: string };
    'student-withdrawn': { course_id: string; student_id: string };
  }
}
declare module 'expect' {
  interface Matchers<R> extends FactMatchers<R> {}
}
import type { FactMatchers } from 'nestjs-factstr/testing';`;

describe('The code in the README and the docs', () => {
  const blocks = codeBlocks();
  let folder: string;
  let printed: string;

  beforeAll(async () => {
    const cache = join(root, 'node_modules/.cache');
    await mkdir(cache, { recursive: true });
    // Inside the repository, so that the packages are found.
    folder = await mkdtemp(join(cache, 'factstr-docs-'));
    for (const [index, block] of blocks.entries()) {
      await writeFile(join(folder, `block${index}.ts`), moduleOf(block));
    }
    await writeFile(join(folder, 'facts.ts'), FACTS);
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        strictPropertyInitialization: false,
        emitDecoratorMetadata: false,
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: ['.'],
      exclude: [],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    printed = await new Promise((resolve) => {
      const compiler = join(root, 'node_modules/typescript/bin/tsc');
      execFile(process.execPath, [compiler, '-p', folder], { cwd: folder }, (_error, stdout) =>
        resolve(stdout),
      );
    });
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is found', () => {
    expect(blocks.length).toBeGreaterThan(20);
  });

  it.each(blocks.map(({ place }, index) => [place, index] as const))(
    'compiles: %s',
    (_place, index) => {
      const errors = printed.split('\n').filter((line) => line.includes(`block${index}.ts(`));
      expect(errors).toEqual([]);
    },
  );

  it('is all that was compiled', () => {
    const others = printed
      .split('\n')
      .filter((line) => line !== '' && !/^(block\d+\.ts\(| )/.test(line));
    expect(others).toEqual([]);
  });
});
