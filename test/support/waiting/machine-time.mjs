import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg, platform } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setInterval } from 'node:timers';

const KEY = Symbol.for('nestjs-factstr:machine-time');
/** In milliseconds. */
const BETWEEN_LOOKS = 100;
/** What hangs ends on a machine of any load: a second counts as a tenth of one at the least. */
const LEAST_SHARE = 1 / 10;

const cores = availableParallelism();

/**
 * A clock that goes as fast as the machine gets work done: while twice as many threads want to run as there are cores,
 * it goes half as fast as the clock on the wall. Time limits of tests go by it.
 */
class MachineTime {
  #looked = performance.now();
  #passed = 0;

  constructor() {
    setInterval(() => this.now(), BETWEEN_LOOKS).unref();
  }

  now() {
    const now = performance.now();
    this.#passed += (now - this.#looked) * share();
    this.#looked = now;
    return this.#passed;
  }
}

/** In milliseconds, since some moment. */
export function machineTime() {
  return (globalThis[KEY] ??= new MachineTime()).now();
}

/** In Jest there is one for all test files, of which each has modules of its own. */
export function shareMachineTime(global) {
  machineTime();
  global[KEY] = globalThis[KEY];
}

/** The part of the time in which a thread that wants to run does run. */
function share() {
  return Math.min(1, Math.max(LEAST_SHARE, cores / wantingToRun()));
}

/** At this moment, or on the average of the last minute (which on Linux counts the waits for a disk, too). */
function wantingToRun() {
  if (platform() !== 'linux') return loadavg()[0];
  const [average, , , tasks] = readFileSync('/proc/loadavg', 'latin1').split(' ');
  return Math.max(Number(average), Number.parseInt(tasks, 10));
}
