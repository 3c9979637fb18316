import { appendFileSync } from 'node:fs';
import { it } from '@jest/globals';
import { TestProcess } from '../../support/child-process.js';

// Run by `left-behind.spec.ts`, in a Jest of its own: its one test runs into its time limit.
it('never ends', async () => {
  const child = new TestProcess(new URL('./sleeper.ts', import.meta.url));
  appendFileSync(process.env['LEFT_BEHIND_FILE']!, `${await child.next<number>()}\n`);
  await child.kill('SIGSTOP');
  await new Promise(() => undefined);
}, 100);
