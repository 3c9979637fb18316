/** Between two successful claims of one process, in milliseconds: others claim meanwhile. */
const BREATH = 25;
/** For which one claim may hold up the others, when the database is slow. */
const PATIENCE = 250;

/**
 * Lets a process take one name after the other, with a breath in between, so that processes that start together
 * share the names instead of the first one taking them all.
 */
export class ClaimTurns {
  #turn: Promise<void> = Promise.resolve();

  /** Resolves with what `claim` comes to; `undefined` is a claim that failed, and takes no breath. */
  async take<T>(claim: () => Promise<T | undefined>): Promise<T | undefined> {
    const before = this.#turn;
    let done!: () => void;
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    const timer = setTimeout(done, PATIENCE);
    timer.unref();
    let taken: T | undefined;
    try {
      taken = await claim();
      return taken;
    } finally {
      clearTimeout(timer);
      if (taken === undefined) done();
      else setTimeout(done, BREATH * (0.5 + Math.random())).unref();
    }
  }
}
