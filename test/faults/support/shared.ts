import { withinTime } from '../../support/waiting/until.js';

/** What several runs use, such as a server that may be stopped: made at the first need, ended with the program. */
class Shared {
  readonly #made = new Map<string, Promise<unknown>>();
  readonly #undo: (() => unknown)[] = [];

  /** The thing of that name. What could not be made is tried again by the next run. */
  get<T>(name: string, make: () => Promise<T>): Promise<T> {
    let made = this.#made.get(name) as Promise<T> | undefined;
    if (made === undefined) {
      made = make();
      this.#made.set(name, made);
      made.catch(() => this.#made.delete(name));
    }
    return made;
  }

  later(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  async dispose(): Promise<void> {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      await withinTime(undo).catch((error: unknown) => console.log('cleaning up:', error));
    }
    this.#made.clear();
  }
}

export const shared = new Shared();
