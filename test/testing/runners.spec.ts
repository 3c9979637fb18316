import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

// Under Jest they are the suites of test/conformance.

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a run of another test runner prints. */
async function run(...args: string[]): Promise<string> {
  const { NODE_OPTIONS: _options, JEST_WORKER_ID: _worker, NODE_ENV: _env, ...env } = process.env;
  try {
    const options = { cwd: root, env: { ...env, NO_COLOR: '1' }, maxBuffer: 2 ** 26 };
    return (await promisify(execFile)(process.execPath, args, options)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${args.join(' ')}\n${stdout.slice(-4_000)}${stderr}`, { cause: error });
  }
}

describe('The suites of the kit', () => {
  it('run under node:test with the package expect', async () => {
    const hook = ['--disable-warning=ExperimentalWarning', '--import', './test/support/typescript-hook.mjs']; // prettier-ignore
    const told = await run(
      ...hook,
      '--test',
      '--test-reporter=tap',
      'test/testing/runners/node.ts',
    );
    expect(told).toMatch(/^# pass [5-9]\d\d$/m);
    expect(told).toMatch(/^# fail 0$/m);
  });

  it('run under Vitest', async () => {
    const told = await run('node_modules/vitest/vitest.mjs', 'run', '--config', 'test/testing/runners/vitest.config.mjs'); // prettier-ignore
    expect(told).toMatch(/Tests +[5-9]\d\d passed \([5-9]\d\d\)/);
  });
});
