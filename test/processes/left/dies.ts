import { next, send } from '../../support/child-task.js';
import { TestProcess } from '../../support/child-process.js';

// Starts a process, freezes it, tells its number, and is killed then.
await next();
const child = new TestProcess(new URL('./sleeper.ts', import.meta.url));
const pid = await child.next<number>();
await child.kill('SIGSTOP');
send(pid);
