import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { testChildren } from './children.mjs';

const hook = new URL('./typescript-hook.mjs', import.meta.url).href;

/** A Node process that runs one of the tests' TypeScript files and talks by messages (bigints included). */
export class TestProcess {
  readonly #child: ChildProcess;
  readonly #received: unknown[] = [];
  readonly #exited: Promise<string>;
  #arrived: (() => void) | undefined;
  #end: string | undefined;
  #errors = '';

  /** `argument` is passed as the process's first message; see `child-task.ts`. */
  constructor(script: URL, argument?: unknown, environment: NodeJS.ProcessEnv = {}) {
    this.#child = fork(script, {
      env: { ...process.env, ...environment },
      execArgv: ['--disable-warning=ExperimentalWarning', '--import', hook],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    testChildren().add(this.#child);
    this.#child.stderr!.on('data', (text: Buffer) => (this.#errors += text.toString()));
    this.#child.on('message', (message) => {
      this.#received.push(message);
      this.#arrived?.();
    });
    this.#exited = once(this.#child, 'close').then(([code, signal]) => {
      this.#end = `exit ${String(code ?? signal)}${this.#errors && `: ${this.#errors.slice(0, 2_000)}`}`;
      this.#arrived?.();
      return String(code ?? signal);
    });
    this.send(argument ?? null);
  }

  send(message: unknown): void {
    this.#child.send(message as Parameters<ChildProcess['send']>[0]);
  }

  /** The next message of the process; rejects when it ends without one. */
  async next<T>(): Promise<T> {
    while (this.#received.length === 0) {
      if (this.#end !== undefined) throw new Error(`The process ended early: ${this.#end}`);
      await new Promise<void>((resolve) => (this.#arrived = resolve));
    }
    return this.#received.shift() as T;
  }

  /** Its exit code, or the signal that ended it. */
  get exited(): Promise<string> {
    return this.#exited;
  }

  /** Sends a signal and, for those that end a process, waits for the end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#end === undefined) this.#child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.#exited;
  }
}
