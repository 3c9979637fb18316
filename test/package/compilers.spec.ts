import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { PackedPackage, compile } from './support/packed.js';

// Nest 11, which is CommonJS: what fails to resolve is ours.

const VERSIONS = ['5.0', '5.8', '6.0', '7.0'];

interface Way {
  readonly type: 'module' | 'commonjs';
  readonly module: string;
  readonly moduleResolution: string;
  /** The versions that have it; `require` of an ES module is known from 5.8 on. */
  readonly versions: readonly string[];
}

const before7 = VERSIONS.slice(0, -1);
const WAYS: readonly Way[] = [
  { type: 'module', module: 'esnext', moduleResolution: 'node10', versions: before7 },
  { type: 'module', module: 'esnext', moduleResolution: 'bundler', versions: VERSIONS },
  { type: 'module', module: 'node16', moduleResolution: 'node16', versions: VERSIONS },
  { type: 'module', module: 'nodenext', moduleResolution: 'nodenext', versions: VERSIONS },
  { type: 'commonjs', module: 'commonjs', moduleResolution: 'node10', versions: before7 },
  {
    type: 'commonjs',
    module: 'nodenext',
    moduleResolution: 'nodenext',
    versions: ['5.8', '6.0', '7.0'],
  },
];

describe('the declarations', () => {
  const packed = PackedPackage.ofSuite();
  let target: string;

  beforeAll(async () => {
    target = await packed.application('compilers', {
      'package.json': 'compilers/package.json',
      'consumer.ts': 'compilers/consumer.ts',
    });
  }, 300_000);

  /** A folder of the application, since its own package.json says which kind of module its files are. */
  const folderOf = async (version: string, way: Way): Promise<string> => {
    const { type, module, moduleResolution } = way;
    const folder = join(target, `${version}-${type}-${moduleResolution}`);
    await mkdir(folder);
    await cp(join(target, 'consumer.ts'), join(folder, 'consumer.ts'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
    const compilerOptions = {
      target: 'es2022',
      module,
      moduleResolution,
      strict: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      types: ['node'],
      noEmit: true,
      // Once for each version is enough; those of other packages do not compile with the oldest.
      skipLibCheck: version === '5.0' || moduleResolution !== 'bundler',
      ...(version === '6.0' && { ignoreDeprecations: '6.0' }),
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    return folder;
  };

  it.each(VERSIONS)(
    'are understood by TypeScript %s',
    async (version) => {
      for (const way of WAYS) {
        if (!way.versions.includes(version)) continue;
        const folder = await folderOf(version, way);
        await compile(folder, join(target, 'node_modules', `typescript-${version}`));
      }
    },
    300_000,
  );

  it('are not taken for CommonJS where a compiler cannot require them', async () => {
    const way = { ...WAYS.at(-1)!, module: 'node16', moduleResolution: 'node16' };
    const folder = await folderOf('5.8', way);
    await expect(compile(folder, join(target, 'node_modules/typescript-5.8'))).rejects.toThrow(
      /TS1479: The current file is a CommonJS module/,
    );
  });
});
