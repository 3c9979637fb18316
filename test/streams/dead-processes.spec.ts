import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { isDead, newOwner } from '../../lib/cursors/process-identity.js';
import { until } from '../support/waiting/until.js';
import { statusOf } from './support/process-status.js';

const here = newOwner();
const onLinux = here.boot === null ? describe.skip : describe;

onLinux('An owner of a lease', () => {
  it('is dead when it has ended and keeps its pid, because its parent has not asked for its end', async () => {
    // It ends when its parent is no shell any more, which might ask for its end.
    const child = '(until [ "$(cat /proc/$$/comm)" = sleep ]; do :; done)';
    const parent = spawn('/bin/sh', ['-c', `${child} & echo $!; exec sleep 600`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      await until(
        () => statusOf(pid).state === 'Z',
        () => `process ${pid} to be a zombie`,
      );
      const { started } = statusOf(pid);
      expect(isDead({ ...here, pid, started })).toBe(true);
    } finally {
      const ended = once(parent, 'exit');
      parent.kill('SIGKILL');
      await ended;
    }
  });
});
