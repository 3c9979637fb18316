import childProcess from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';

const started = [];

// Node tells of those that run beside this one. Those that are waited for it does not tell of.
subscribe('child_process', ({ process }) => {
  // Its arguments are known once it is started, in this turn.
  queueMicrotask(() => started.push(process.spawnargs?.join(' ') ?? 'a process'));
});
subscribe('worker_threads', () => started.push('a thread'));
for (const name of ['spawnSync', 'execFileSync', 'execSync']) {
  const start = childProcess[name];
  childProcess[name] = (...args) => {
    started.push([args[0], ...(Array.isArray(args[1]) ? args[1] : [])].join(' '));
    return start(...args);
  };
}

/** What was started by this process since the last call. */
export function startedProcesses() {
  return started.splice(0);
}
