/**
 * A running stream. A class, as in FACTSTR, which the subscriptions of this package's stores are instances of; to
 * be one by type, an object needs `unsubscribe` and no more.
 *
 * @publicApi
 */
export abstract class EventStreamSubscription {
  /**
   * Resolves when the head of the log is known: from then on other processes' facts are delivered too.
   * Never an unhandled rejection.
   */
  declare readonly started?: Promise<void>;

  /** Stops future deliveries; one that is in flight may finish, and then still counts. May be called again. */
  abstract unsubscribe(): void;
}
