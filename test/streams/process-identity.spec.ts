import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { isDead, newOwner } from '../../lib/cursors/process-identity.js';
import { statusOf } from './support/process-status.js';

/** Beyond what any Linux gives out. */
const NO_PID = 2 ** 22 + 1;

describe('The owner of a lease', () => {
  it('is this process, under an id of its own each time', () => {
    const [first, second] = [newOwner(), newOwner()];
    expect(first).toMatchObject({ host: hostname(), pid: process.pid });
    expect(second).toEqual({ ...first, id: second.id });
    expect(second.id).not.toBe(first.id);
  });
});

const here = newOwner();
const onLinux = here.boot === null ? describe.skip : describe;

onLinux('Whether an owner is dead', () => {
  it('is told by boot, PID namespace and start', () => {
    const { started } = statusOf(process.pid);
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    expect(here.boot).toMatch(/^[-0-9a-f]{36}\/pid:\[\d+\]$/);
    expect(here.boot!.startsWith(`${boot}/`)).toBe(true);
    expect(here.started).toBe(started);
  });

  it.each([
    ['this very process', {}, false],
    ['one whose pid nobody has', { pid: NO_PID }, true],
    ['one whose pid another process has got', { started: '1' }, true],
    ['one of another boot', { pid: NO_PID, boot: 'another boot' }, false],
    ['one whose boot is not known', { pid: NO_PID, boot: null }, false],
    ['one whose start is not known', { started: null }, false],
    ['one of whom neither is known', { pid: NO_PID, boot: null, started: null }, false],
    ['one of another host’s name in this namespace', { pid: NO_PID, host: 'another' }, true],
  ])('of %s', (_, difference, dead) => {
    expect(isDead({ ...here, ...difference })).toBe(dead);
  });

  it('is told of a program whatever its name', () => {
    const name = readFileSync('/proc/self/comm', 'utf8').trimEnd();
    writeFileSync('/proc/self/comm', 'a) Z 1 (b');
    try {
      const { started } = statusOf(process.pid);
      expect(isDead({ ...here, started })).toBe(false);
      expect(isDead({ ...here, started: `${started}0` })).toBe(true);
    } finally {
      writeFileSync('/proc/self/comm', name);
    }
  });
});
