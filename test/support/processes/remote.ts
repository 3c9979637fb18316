import { TestProcess } from '../child-process.js';
import type { Answer, Command } from './serve.js';

/** A process that is asked for things, and that tells things by itself. */
export class Remote<T extends object> {
  readonly #child: TestProcess;
  readonly #answers = new Map<number, (answer: Omit<Answer, 'id'>) => void>();
  #calls = 0;
  #end: string | undefined;

  /** `told` is given what the process tells by itself. */
  constructor(
    script: URL,
    task: unknown,
    told: (what: T) => void,
    environment?: NodeJS.ProcessEnv,
  ) {
    this.#child = new TestProcess(script, task, environment);
    void this.#listen(told);
  }

  /** Why it talks no more; `undefined` while it does. */
  get end(): string | undefined {
    return this.#end;
  }

  async call<R = void>(call: string, ...args: unknown[]): Promise<R> {
    if (this.#end !== undefined) throw new Error(this.#end);
    const id = this.#calls++;
    const answered = new Promise<Omit<Answer, 'id'>>((resolve) => this.#answers.set(id, resolve));
    this.#child.send({ id, call, args } satisfies Command);
    const { value, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return value as R;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#child.kill(signal);
  }

  async #listen(told: (what: T) => void): Promise<void> {
    for (;;) {
      let message: T | Answer;
      try {
        message = await this.#child.next<T | Answer>();
      } catch (error) {
        this.#end = (error as Error).message;
        for (const answer of this.#answers.values()) answer({ error: this.#end });
        return;
      }
      if (!('id' in message)) {
        told(message);
        continue;
      }
      this.#answers.get(message.id)!(message);
      this.#answers.delete(message.id);
    }
  }
}
