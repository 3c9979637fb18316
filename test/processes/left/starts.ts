import { execFileSync, execSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { it } from '@jest/globals';

// Run by `quick.spec.ts`, in a Jest of its own: it passes, and no name of the quick set's list leaves it out.
it('starts a process in each way', async () => {
  await once(spawn(process.execPath, ['--version', 'spawn']), 'exit');
  await once(fork('--version', ['fork'], { silent: true }), 'exit');
  spawnSync('true', ['spawnSync']);
  execFileSync('true', ['execFileSync']);
  execSync('true execSync');
  await once(new Worker('0', { eval: true }), 'exit');
});
