/** A mutant that no test can notice, since nothing that users see is changed by it. */
export interface Equivalent {
  readonly file: string;
  /** The mutated lines before and after, as the report of the survivors shows them. */
  readonly from: string;
  readonly to: string;
  /** Why nothing differs, or only what the library does not promise. */
  readonly reason: string;
}
