/** What a deciding process is to do. */
export interface DeciderTask {
  readonly file: string;
  /** Of its facts and queries. */
  readonly seed: number;
  readonly turns: number;
}

/** One verdict of `appendIf`. */
export interface Decision {
  readonly seed: number;
  /** Which of the seed's queries. */
  readonly place: number;
  readonly expected: bigint | null;
  /** The first number that was committed; `null` after a conflict. */
  readonly committed: bigint | null;
  /** The conflict's version. */
  readonly actual: bigint | null;
}
