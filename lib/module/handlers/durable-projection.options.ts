/**
 * Options of `@DurableProjection`. Times in milliseconds.
 *
 * @publicApi
 */
export interface DurableProjectionOptions {
  /** Names the stored cursor, within its store. Two projections of one name and version fail the bootstrap. */
  name: string;
  /** The named store to follow. Default: the one without a name. */
  store?: string | undefined;
  /**
   * Default 1. A higher one replays beside the running version, with a cursor of its own (`name@2`), and stays
   * when the running version is taken out of the code.
   */
  version?: number | undefined;
  /** Where a cursor stands that does not exist yet. Default: the beginning. */
  startFrom?: 'beginning' | 'now' | bigint | undefined;
  /**
   * Many facts per call, of as many batches as fit: up to `maxFacts` (a larger batch still comes whole), waiting
   * up to `maxWait` (default 0) for more at the head. Default: one committed batch per call.
   */
  batch?: { maxFacts: number; maxWait?: number | undefined } | undefined;
  /**
   * What becomes of facts on which the handler failed `maxAttempts` times. `pause` (default): the projection
   * stops there. `park`: the fact is recorded with its error and the projection goes on; the facts of one call
   * are then tried one by one, to find the culprit.
   */
  onFailure?: 'pause' | 'park' | undefined;
  /**
   * Runs the handler in a transaction of a TypeORM data source, the default or a named one, that also moves the
   * cursor: each fact takes effect exactly once. Needs `FactstrTypeOrmModule` of `nestjs-factstr/typeorm`. The
   * handler writes through `context.manager` only.
   */
  transactional?: boolean | { dataSource?: string | undefined } | undefined;
  /**
   * For a class whose methods react to facts (`context.append`, `context.decide`): whether a fact is reacted to again
   * when the projection is rebuilt, or gets a new version. `once` (default): never. `repeat`: once for each rebuild and
   * each version. Without it a projection counts as one that reacts from its first reaction on.
   */
  reactions?: 'once' | 'repeat' | undefined;
  /** Failed attempts at the same facts. Default: the module's `maxAttempts`. */
  maxAttempts?: number | undefined;
  /** The handler's deadline, at which its signal aborts. Default: the module's `timeout`. */
  timeout?: number | undefined;
}
