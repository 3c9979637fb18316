/** Tells how many appends a store commits together. Nothing is counted while no listener is there. */
export class GroupSizes {
  #listener: ((size: number) => void) | undefined;

  /** One listener: the last one that is given. */
  listen(listener: (size: number) => void): void {
    this.#listener = listener;
  }

  tell(size: number): void {
    this.#listener?.(size);
  }
}
