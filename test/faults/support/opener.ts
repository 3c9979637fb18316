import { TestProcess } from '../../support/child-process.js';
import type { Opened } from '../processes/opener.js';
import type { Round } from './round.js';

/** A process that opens files: what they do to it, they do not do to the run. */
export class Opener {
  readonly #child: TestProcess;

  constructor(round: Round, first: string) {
    this.#child = new TestProcess(new URL('../processes/opener.ts', import.meta.url), first);
    round.later(() => this.#child.kill());
  }

  /** What became of the file that was named last. */
  result(): Promise<Opened> {
    return this.#child.next<Opened>();
  }

  /** Names the next file. */
  open(path: string): void {
    this.#child.send(path);
  }

  async stop(): Promise<void> {
    this.#child.send('');
    await this.#child.exited;
  }
}
