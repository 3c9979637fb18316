/**
 * A running stream. A class, as in FACTSTR: the subscriptions of this package's stores are instances of it. The type
 * needs `unsubscribe` only.
 *
 * @publicApi
 */
export abstract class EventStreamSubscription {
  /**
   * Resolves when the head of the log is known: from then on other processes' facts are delivered too.
   * Never an unhandled rejection.
   */
  declare readonly started?: Promise<void>;

  /** Stops future deliveries; a delivery in flight may finish, and then still counts. May be called again. */
  abstract unsubscribe(): void;
}
