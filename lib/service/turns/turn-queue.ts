/** What stands in a queue. */
export interface Waiting {
  /** Whether it has left. */
  readonly hasEnded: boolean;
}

/** Those that take turns, in order. Who leaves is passed over when it would be the first. */
export class TurnQueue<T extends Waiting> {
  readonly key: string;
  readonly #members: T[] = [];
  #first = 0;
  /** How many have not left. */
  #size = 0;

  constructor(key: string) {
    this.key = key;
  }

  get size(): number {
    return this.#size;
  }

  /** The first of those that have not left. */
  get first(): T | undefined {
    while (this.#members[this.#first]?.hasEnded === true) this.#first++;
    if (this.#first > 64 && this.#first * 2 > this.#members.length) {
      this.#members.splice(0, this.#first);
      this.#first = 0;
    }
    return this.#members[this.#first];
  }

  get members(): readonly T[] {
    return this.#members.slice(this.#first).filter(({ hasEnded }) => !hasEnded);
  }

  add(member: T): void {
    this.#members.push(member);
    this.#size++;
  }

  /** A member has left. */
  left(): void {
    this.#size--;
  }
}
