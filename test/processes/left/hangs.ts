import { appendFileSync } from 'node:fs';
import { beforeAll, it } from '@jest/globals';
import { TestProcess } from '../../support/child-process.js';

// Run by `left-behind.spec.ts`, in a Jest of its own: its one test runs into its time limit.
// The process is there before that time begins, however busy the machine is.
beforeAll(async () => {
  const child = new TestProcess(new URL('./sleeper.ts', import.meta.url));
  appendFileSync(process.env['LEFT_BEHIND_FILE']!, `${await child.next<number>()}\n`);
  await child.kill('SIGSTOP');
});

it('never ends', async () => {
  await new Promise(() => undefined);
}, 100);
