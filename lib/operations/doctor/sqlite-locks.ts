import { readFileSync, statSync } from 'node:fs';
import { pause } from '../../support/async/turns.js';
import { finding, good, note } from './symptom.js';
import type { Symptom } from './symptom.js';

/** Bytes of the `-shm` file that SQLite locks: the writer's, and from the first reader's on. */
const WRITER = 120;
const FIRST_READER = 123;
const LAST_READER = 127;
/** How often, and how long apart in milliseconds, the writer's lock is looked at: an append holds it for about one. */
const LOOKS = 10;
const BETWEEN_LOOKS_MS = 50;

/** Processes by their ids, as the kernel tells them. */
interface Locks {
  readonly writers: readonly string[];
  readonly readers: readonly string[];
}

/**
 * Who locks the database, by Linux's list of locks: no lock has to be taken for it. Processes of other containers
 * are not on the list.
 */
export async function examineSqliteLocks(file: string): Promise<Symptom[]> {
  let locks = readLocks(file);
  if (locks === undefined) return [note('locks', 'cannot be seen on this system')];
  let writers = new Set(locks.writers);
  for (let look = 1; look < LOOKS && writers.size > 0; look++) {
    await pause(BETWEEN_LOOKS_MS);
    locks = readLocks(file) ?? locks;
    const { writers: still } = locks;
    writers = new Set([...writers].filter((process) => still.includes(process)));
  }
  const readers = new Set(locks.readers);
  readers.delete(String(process.pid));
  if (writers.size > 0) {
    return [
      finding(
        'locks',
        `process ${[...writers].join(', ')} holds the write lock for ${(LOOKS * BETWEEN_LOOKS_MS) / 1_000} s: nothing else can append`,
        'let it end its transaction, or end the process',
      ),
    ];
  }
  const others = [...readers].join(', ');
  return [
    good(
      'locks',
      others === '' ? 'none is held at this moment' : `process ${others} reads at this moment`,
    ),
  ];
}

function readLocks(file: string): Locks | undefined {
  let list: string;
  try {
    list = readFileSync('/proc/locks', 'utf8');
  } catch {
    return undefined;
  }
  const shared = statSync(`${file}-shm`, { throwIfNoEntry: false });
  const writers: string[] = [];
  const readers: string[] = [];
  // As in: `1: POSIX  ADVISORY  WRITE 1234 fe:00:11411506 120 120`
  const lines = list.matchAll(/^\d+: \w+ +\w+ +(\w+) +(\d+) +\w+:\w+:(\d+) (\d+) (\d+|EOF)$/gm);
  for (const [, , process, inode, first, last] of lines) {
    if (shared === undefined || inode !== String(shared.ino)) continue;
    const from = Number(first);
    const to = last === 'EOF' ? Infinity : Number(last);
    if (from <= WRITER && to >= WRITER) writers.push(process!);
    if (from <= LAST_READER && to >= FIRST_READER) readers.push(process!);
  }
  return { writers, readers };
}
