import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { testChildren } from '../support/children.mjs';
import { PackedPackage, node, npm } from './support/packed.js';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The installed command as a process of its own. `began` is called with its first line. */
async function command(
  target: string,
  argv: readonly string[],
  began: (kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Ended> {
  const bin = join(target, 'node_modules/nestjs-factstr/dist/cli/bin.js');
  const child = spawn(process.execPath, [bin, ...argv], { cwd: target });
  testChildren().add(child);
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => {
    if (out === '') began((signal) => child.kill(signal));
    out += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

describe('the command line of the packed package', () => {
  const packed = PackedPackage.ofSuite();

  it('runs by npx in a folder without Nest', async () => {
    const target = await packed.application('cli', { 'package.json': 'stores/package.json' });
    expect(await npm(target, 'exec', '--no', '--', 'nestjs-factstr', '--help')).toMatch(
      /^Usage: nestjs-factstr/,
    );
    await node(
      target,
      '--input-type=module',
      '-e',
      `import { FactstrSqliteStore } from 'nestjs-factstr/stores';
       new FactstrSqliteStore('facts.sqlite').append([{ event_type: 'a', payload: { n: 1 } }]);`,
    );
    const database = ['--database', 'facts.sqlite'];
    const stats = await command(target, ['stats', '--json', ...database]);
    expect(stats).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(stats.out)).toMatchObject({ facts: 1 });
    expect(await command(target, ['doctor', '--jsno', ...database])).toMatchObject({ code: 2 });
    expect(await command(target, ['stats', '--database', 'none'])).toMatchObject({ code: 3 });

    const tail = await command(target, ['facts', 'tail', '--after', '0', ...database], (kill) =>
      kill('SIGINT'),
    );
    expect(tail).toEqual({
      code: 130,
      out: expect.stringMatching(/^1 {2}\S+ {2}a {2}\{"n":1\}\n$/),
      err: 'Resume with --after 1\n',
    });

    const postgres = await command(target, ['stats', '--database', 'postgres://u:p@127.0.0.1/x']);
    expect(postgres.code).toBe(3);
    expect(postgres.err).toMatch(/npm install pg/);

    await rm(join(target, 'node_modules/commander'), { recursive: true });
    const without = await command(target, ['--help']);
    expect(without).toMatchObject({ code: 3, out: '' });
    expect(without.err).toMatch(/npm install commander/);
  }, 300_000);
});
