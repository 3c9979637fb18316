import type { ProjectionStatus } from 'nestjs-factstr';
import { until } from '../../conformance/support/until.js';
import { TestProcess } from '../../support/child-process.js';
import type { Task } from '../processes/projector.js';

interface Told {
  id?: number;
  value?: unknown;
  error?: string;
  called?: string;
  handled?: string;
  numbers?: bigint[];
}

/** A process with projections, to be told what to do. */
export class Application {
  readonly called: { name: string; numbers: number[] }[] = [];
  readonly handled: { name: string; numbers: number[] }[] = [];
  readonly #child: TestProcess;
  readonly #answers = new Map<number, (told: Told) => void>();
  #next = 0;
  #end: string | undefined;

  private constructor(child: TestProcess) {
    this.#child = child;
  }

  /** Compiled and connected; its projections wait for `start`. */
  static async create(task: Task, later: (undo: () => unknown) => void): Promise<Application> {
    const script = new URL('../processes/projector.ts', import.meta.url);
    const child = new TestProcess(script, task);
    later(() => child.kill());
    const application = new Application(child);
    await child.next();
    void application.#listen();
    return application;
  }

  /** Why it talks no more; `undefined` while it does. */
  get end(): string | undefined {
    return this.#end;
  }

  async call<T = void>(call: string, ...args: unknown[]): Promise<T> {
    if (this.#end !== undefined) throw new Error(this.#end);
    const id = this.#next++;
    const told = new Promise<Told>((resolve) => this.#answers.set(id, resolve));
    this.#child.send({ id, call, args });
    const { value, error } = await told;
    if (error !== undefined) throw new Error(error);
    return value as T;
  }

  list(): Promise<ProjectionStatus[]> {
    return this.call('list');
  }

  /** The names of the projections that it runs. */
  async owned(): Promise<string[]> {
    const statuses = await this.list();
    return statuses.filter(({ owner }) => owner?.self === true).map(({ name }) => name);
  }

  /** Waits until it runs so many projections; returns how long that took, in milliseconds. */
  async owns(count: number): Promise<number> {
    const began = performance.now();
    let last: string[] = [];
    await until(
      async () => (last = await this.owned()).length === count,
      () => `${count} projections to be owned; these are: ${last.join(', ')}`,
    );
    return performance.now() - began;
  }

  /** Waits until every projection has reached a position. */
  async reaches(position: bigint): Promise<void> {
    let last: ProjectionStatus[] = [];
    await until(
      async () => (last = await this.list()).every((status) => status.position! >= position),
      () =>
        `position ${position}; ${last.map(({ name, state, position: at, reason }) => `${name} is ${state} at ${at} (${reason})`).join(', ')}`,
    );
  }

  numbers(name: string): number[] {
    return this.handled.filter((entry) => entry.name === name).flatMap(({ numbers }) => numbers);
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#child.kill(signal);
  }

  async #listen(): Promise<void> {
    for (;;) {
      let told: Told;
      try {
        told = await this.#child.next<Told>();
      } catch (error) {
        this.#end = (error as Error).message;
        for (const answer of this.#answers.values()) answer({ error: this.#end });
        return;
      }
      const numbers = told.numbers?.map(Number) ?? [];
      if (told.called !== undefined) this.called.push({ name: told.called, numbers });
      else if (told.handled !== undefined) this.handled.push({ name: told.handled, numbers });
      else {
        this.#answers.get(told.id!)!(told);
        this.#answers.delete(told.id!);
      }
    }
  }
}
