/**
 * How much of a log is indexed.
 *
 * @publicApi
 */
export interface ContextIndexProgress {
  /** The newest committed sequence number, 0 for an empty log. */
  readonly head: bigint;
  /** How many of the numbers up to `head` the index covers. */
  readonly indexed: bigint;
}
