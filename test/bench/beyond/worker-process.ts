import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Arrived, Asked, Done, Place } from './asked.js';

/** A process with a store that is open. */
export class Worker {
  readonly #child: ChildProcess;
  readonly delays: number[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message: Done | Arrived) => {
      if ('delay' in message) this.delays.push(message.delay);
    });
  }

  static async start(place: Place): Promise<{ readonly worker: Worker; readonly opened: Done }> {
    const file = fileURLToPath(new URL('./worker.ts', import.meta.url));
    const child = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const worker = new Worker(child);
    return { worker, opened: await worker.ask({ do: 'open', place }) };
  }

  ask(asked: Asked): Promise<Done> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('A worker ended.'));
      const heard = (message: Done | Arrived): void => {
        if ('delay' in message) return;
        this.#child.off('message', heard);
        this.#child.off('exit', ended);
        resolve(message);
      };
      this.#child.on('message', heard);
      this.#child.once('exit', ended);
      this.#child.send(asked);
    });
  }

  async end(): Promise<void> {
    await this.ask({ do: 'close' });
    this.#child.disconnect();
  }
}
