/**
 * Runs work for callers that each need a run which begins after their call: one runs at a time, and calls
 * meanwhile share the next one.
 */
export class Rounds {
  readonly #work: () => Promise<void>;
  /** Resolves when the newest round has ended. */
  #ended: Promise<void> = Promise.resolve();
  /** The round that has not begun yet. */
  #next: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when a run that began after this call has ended. */
  run(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    // Always after the round before: whether that one still runs is not to be told at every turn.
    const next = this.#ended.then(() => {
      this.#next = undefined;
      return this.#work();
    });
    this.#ended = next.catch(() => undefined);
    return (this.#next = next);
  }
}
