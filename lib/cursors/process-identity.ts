import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { LeaseOwner } from './cursor-store.js';

/** This process as a lease's owner; `id` differs for every call. */
export function newOwner(): LeaseOwner {
  return {
    id: randomUUID(),
    host: hostname(),
    pid: process.pid,
    boot: boot(),
    started: startOf(process.pid),
  };
}

/**
 * Whether the process is certainly gone: it ran since this boot in this PID namespace, and its pid is free or
 * belongs to a process that started at another time. Where the system does not tell, no process counts as dead: hosts'
 * names alone say nothing, as containers share them.
 */
export function isDead(owner: LeaseOwner): boolean {
  if (owner.boot === null || owner.started === null || owner.boot !== boot()) return false;
  return startOf(owner.pid) !== owner.started;
}

function boot(): string | null {
  try {
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${bootId}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}

/** The process's start in clock ticks since the boot; `null` when there is no such process, or no way to tell. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the program's name in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie holds its pid and nothing else.
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
