import type { Round } from './round.js';
import type { Streamer } from './streamer.js';

const MIB = 1024 * 1024;

/** What a process may hold of JavaScript's objects: it ends when that is not enough. In MiB. */
const HEAP = 64;
/** Of the three spaces for new objects each: Node 24 would let them grow to three times the rest. In MiB. */
const SEMI_SPACE = 16;
/** What it may grow by altogether, with what it reads into buffers. In MiB. */
const GROWTH = 160;

/** The environment of a process with little memory. */
export const smallMemory: NodeJS.ProcessEnv = {
  NODE_OPTIONS: `--max-old-space-size=${HEAP} --max-semi-space-size=${SEMI_SPACE}`,
};

/** Judges the memory of a process that has ended in order. */
export function judgeMemory(round: Round, streamer: Streamer): void {
  const grown = Math.round(streamer.grown / MIB);
  round.note(`the process grew by ${grown} MiB`);
  if (!(grown <= GROWTH)) round.unexpected(`the process grew by ${grown} MiB`);
}
