import { readFile, readdir } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PackedPackage, compile, node, repository } from './support/packed.js';

// `nestjs-factstr/stores`: the stores for programs without Nest.

describe('the stores alone', () => {
  const packed = PackedPackage.ofSuite();

  it('import no package but the drivers', async () => {
    const packages = new Set<string>();
    const seen = new Set<string>();
    const walk = async (file: string): Promise<void> => {
      if (seen.has(file)) return;
      seen.add(file);
      const source = await readFile(file, 'utf8');
      // Of a statement, of a dynamic import, and of the function that requires a driver.
      const imports =
        /(?:^(?:import|export)\b[^;]*?from |^import |\bimport\(|requireDriver\()'([^']+)'/gm;
      for (const [, name] of source.matchAll(imports)) {
        if (name!.startsWith('.')) await walk(join(dirname(file), name!));
        else if (!isBuiltin(name!)) packages.add(name!.split('/', 1)[0]!);
      }
    };
    await walk(join(repository, 'dist/stores/index.js'));
    expect(seen.size).toBeGreaterThan(50);
    expect([...packages].sort()).toEqual(['better-sqlite3', 'pg']);
  });

  it('are installed, compiled and run without Nest', async () => {
    const target = await packed.application('stores', {
      'package.json': 'stores/package.json',
      'tsconfig.json': 'stores/tsconfig.json',
      'seats.ts': '../../types/factstr/seats.ts',
    });
    const installed = await readdir(join(target, 'node_modules'));
    for (const name of ['@nestjs', 'rxjs', 'reflect-metadata', 'typeorm', 'pg']) {
      expect(installed).not.toContain(name);
    }
    await compile(target);
    const script = (load: string): string => `${load}
      const store = new FactstrSqliteStore('facts.sqlite');
      const held = store.streamAll(() => undefined) instanceof EventStreamSubscription;
      const { last_sequence_number } = store.append([{ event_type: 'a', payload: {} }]);
      console.log(last_sequence_number, held);
      store.close();`;
    const names = '{ EventStreamSubscription, FactstrSqliteStore }';
    for (const [type, load, number] of [
      ['module', `import ${names} from 'nestjs-factstr/stores'`, 1],
      ['commonjs', `const ${names} = require('nestjs-factstr/stores')`, 2],
    ] as const) {
      const stdout = await node(target, `--input-type=${type}`, '-e', script(load));
      expect(stdout.trim()).toBe(`${number}n true`);
    }
  }, 300_000);
});
