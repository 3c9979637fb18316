import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestProcess } from '../../support/child-process.js';
import type { Round } from './round.js';
import { shared } from './shared.js';

/** The library that fakes the time of processes with threads; absent where it is not installed. */
const library = [...foldersOf('/usr/lib'), '/usr/local/lib']
  .map((folder) => join(folder, 'faketime', 'libfaketimeMT.so.1'))
  .find((path) => existsSync(path));

/** Why no clock can jump here. */
export function noClocks(): string | undefined {
  return library === undefined ? 'it needs libfaketime' : undefined;
}

/** A clock that processes go by. Their timers, and what measures durations, do not: as when a machine's clock is set. */
export class Clock {
  readonly #file: string;
  #changes = 0;

  private constructor(file: string) {
    this.#file = file;
  }

  static async create(file: string): Promise<Clock> {
    const clock = new Clock(file);
    await clock.jump(0);
    return clock;
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** So far away from the true time, in seconds. */
  async jump(seconds: number): Promise<void> {
    const next = `${this.#file}.${++this.#changes}`;
    await writeFile(next, `${seconds < 0 ? '' : '+'}${seconds}s\n`);
    // Whoever reads it finds a whole one.
    await rename(next, this.#file);
  }
}

export async function newClock(round: Round): Promise<Clock> {
  return Clock.create(await round.file(round.name('clock')));
}

/** A Postgres server that goes by a clock of its own. */
export function serverWithClock(): Promise<{ url: string; clock: Clock }> {
  return shared.get('server with a clock', async () => {
    // The server's user must be able to read it.
    const folder = await mkdtemp(join(tmpdir(), 'factstr-faults-'));
    shared.later(() => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o755);
    const clock = await Clock.create(join(folder, 'clock'));
    const script = new URL('../processes/postgres-server.ts', import.meta.url);
    const server = new TestProcess(script, undefined, clock.environment);
    shared.later(async () => {
      server.send('end');
      await server.exited;
    });
    return { url: await server.next<string>(), clock };
  });
}

/** Starts what forks its process before it first waits. */
export function withEnvironment<T>(environment: NodeJS.ProcessEnv, start: () => T): T {
  const before = { ...process.env };
  Object.assign(process.env, environment);
  try {
    return start();
  } finally {
    for (const name of Object.keys(environment)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

function foldersOf(path: string): string[] {
  return existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
}
