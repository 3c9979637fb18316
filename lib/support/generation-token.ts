/** Stands for each generation of a thing: one object as long as the generation is the same. */
export class GenerationToken {
  #generation: unknown = NaN;
  #token: object = {};

  of(generation: unknown): object {
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#token = {};
    }
    return this.#token;
  }
}
