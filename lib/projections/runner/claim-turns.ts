/** Mean pause between two successful claims of one process: other processes claim meanwhile. */
const CLAIM_PAUSE_MS = 25;
/** How long one claim may hold up this process's next one, when the database is slow. */
const MAX_CLAIM_TURN_MS = 250;

/**
 * Lets a process take one name after the other, with a pause in between, so that processes that start together
 * share the names instead of the first process taking them all.
 */
export class ClaimTurns {
  #turn: Promise<void> = Promise.resolve();

  /** Resolves with the result of `claim`; `undefined` is a claim that failed, and takes no pause. */
  async take<T>(claim: () => Promise<T | undefined>): Promise<T | undefined> {
    const before = this.#turn;
    let done!: () => void;
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    const timer = setTimeout(done, MAX_CLAIM_TURN_MS);
    timer.unref();
    let taken: T | undefined;
    try {
      taken = await claim();
      return taken;
    } finally {
      clearTimeout(timer);
      if (taken === undefined) done();
      else setTimeout(done, CLAIM_PAUSE_MS * (0.5 + Math.random())).unref();
    }
  }
}
