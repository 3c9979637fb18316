import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const REAPER = fileURLToPath(new URL('./child-reaper.mjs', import.meta.url));
const KEY = Symbol.for('nestjs-factstr:test-children');

/**
 * The processes that this one has started for tests. A second process, which notices by the end of its input that
 * this one is gone, then ends those that are left: also after SIGKILL, and also frozen ones.
 */
export class Children {
  /** With what ends each. */
  #running = new Map();
  #reaper;

  /** Ends `child` with this process, at the latest. */
  add(child) {
    if (child.pid === undefined) return;
    this.#tell(`+${child.pid}`);
    this.#keep(child, () => child.kill('SIGKILL'));
    child.once('exit', () => this.#tell(`-${child.pid}`));
  }

  /** A process that ends when its input does, and has to tidy up then. */
  addKeeper(child) {
    this.#keep(child, () => child.stdin.end());
  }

  /** Ends those that still run. Resolves with them when they have ended. */
  async end() {
    const left = [...this.#running];
    await Promise.all(
      left.map(async ([child, finish]) => {
        const ended = once(child, 'exit');
        child.ref();
        finish();
        await ended;
      }),
    );
    return left.map(([child]) => child);
  }

  #keep(child, finish) {
    this.#running.set(child, finish);
    child.once('exit', () => this.#running.delete(child));
  }

  #tell(line) {
    this.#reaper ??= startReaper();
    this.#reaper.stdin.write(`${line}\n`);
  }
}

/** Of this process; in Jest the environment's, since every test file has modules of its own. */
export function testChildren() {
  return (globalThis[KEY] ??= new Children());
}

export function shareChildren(global, children) {
  global[KEY] = children;
}

function startReaper() {
  const reaper = spawn(process.execPath, [REAPER], {
    // Of a group of its own: Ctrl-C must not end it before it has ended the others.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  reaper.unref();
  reaper.stdin.unref();
  reaper.stdin.on('error', () => undefined);
  return reaper;
}
