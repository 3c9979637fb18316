/**
 * Times a replay between its first call and the one at which the time or the log is over. What comes before the
 * first call, and the first call's facts, do not count.
 */
export class ReplayClock {
  #size;
  #milliseconds;
  #seen = 0;
  #facts = 0;
  #calls = 0;
  #began;
  #ended;

  constructor(size, milliseconds) {
    this.#size = size;
    this.#milliseconds = milliseconds;
  }

  async run(replay) {
    await replay((count) => this.#count(count));
    const milliseconds = this.#ended - this.#began;
    return { operations: this.#calls, facts: this.#facts, milliseconds };
  }

  #count(count) {
    const now = performance.now();
    this.#seen += count;
    if (this.#began === undefined) {
      this.#began = now;
      return true;
    }
    this.#facts += count;
    this.#calls++;
    this.#ended = now;
    return this.#seen < this.#size && now - this.#began < this.#milliseconds;
  }
}
