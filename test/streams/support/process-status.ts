import { readFileSync } from 'node:fs';

/** What Linux tells of a process. */
export function statusOf(pid: number): { state: string; started: string } {
  // Counted from the end: the program's name, before it, may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').trimEnd().split(' ');
  return { state: fields.at(-50)!, started: fields.at(-31)! };
}
