import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { testChildren } from '../../support/children.mjs';
import type { Failure, Measured, Order, Outcome, Reply, TestRun } from './protocol.js';

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
const HOOK = new URL('./hook.mjs', import.meta.url).href;
/** Measuring on a busy machine. In milliseconds. */
const PATIENCE = 15 * 60_000;
/** Loading: a mutant may hang there. */
const LOADING = 3 * 60_000;

/** The process ended, or a test of it did not come back. */
export class TestProcessEnded extends Error {
  constructor(
    message: string,
    /** The test that ran. */
    readonly test: string | undefined,
  ) {
    super(message);
  }
}

/** A process with test files loaded. After an error it is gone. */
export class TestProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  #said = '';
  #test: string | undefined;

  private constructor(postgres: string) {
    this.#child = fork(WORKER, {
      // Not as the sandbox's own checkout would: the instrumented files are there, the runner's own as well.
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        '--enable-source-maps',
        '--expose-gc',
        '--max-old-space-size=1500',
        `--import=${HOOK}`,
      ],
      env: { ...process.env, NODE_ENV: 'test', FACTSTR_TEST_POSTGRES_URL: postgres },
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    testChildren().add(this.#child);
    const keep = (text: Buffer): void => {
      this.#said = `${this.#said}${text.toString()}`.slice(-2_000);
    };
    this.#child.stdout!.on('data', keep);
    this.#child.stderr!.on('data', keep);
    this.#ended = once(this.#child, 'exit').then(
      ([code, signal]) => `the process ended with ${String(code ?? signal)}: ${this.#said}`,
    );
  }

  /** With the files loaded, the mutant being active from the beginning where one is given. */
  static async start(
    postgres: string,
    files: readonly string[],
    mutant?: string,
  ): Promise<{ process: TestProcess; broken: readonly Failure[] }> {
    const process = new TestProcess(postgres);
    const reply = await process.#ask({ kind: 'load', files, mutant }, LOADING);
    return { process, broken: reply.kind === 'loaded' ? reply.broken : [] };
  }

  async measure(): Promise<Measured> {
    const reply = await this.#ask({ kind: 'measure' }, PATIENCE);
    return (reply as Extract<Reply, { kind: 'measured' }>).measured;
  }

  /** Rejects with `TestProcessEnded` where a test blocks the process, or ends it. */
  async run(run: TestRun): Promise<Outcome> {
    const reply = await this.#ask(
      { kind: 'run', run },
      stalled(Math.max(...run.tests.map(({ limit }) => limit))),
    );
    return (reply as Extract<Reply, { kind: 'ran' }>).outcome;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** `patience` is for the time between two replies. */
  async #ask(order: Order, patience: number): Promise<Reply> {
    let timer: NodeJS.Timeout | undefined;
    let listener: ((reply: Reply) => void) | undefined;
    try {
      const answer = new Promise<Reply | undefined>((resolve) => {
        const wait = (milliseconds: number): void => {
          clearTimeout(timer);
          timer = setTimeout(() => resolve(undefined), milliseconds);
        };
        wait(patience);
        listener = (reply) => {
          if (reply.kind !== 'begun') return resolve(reply);
          this.#test = reply.test;
          wait(stalled(reply.limit));
        };
        this.#child.on('message', listener);
        this.#child.send(order);
      });
      const reply = await Promise.race([answer, this.#ended]);
      if (typeof reply === 'object') return reply;
      await this.end();
      throw new TestProcessEnded(reply ?? 'the process is blocked', this.#test);
    } finally {
      clearTimeout(timer);
      if (listener !== undefined) this.#child.off('message', listener);
    }
  }
}

/** A test and its hooks each have their limit; a process that is blocked notices none. */
function stalled(limit: number): number {
  return 2 * limit + 2_000;
}
