import type { FactStore } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import { wholeNumber } from '../../contract/numbers.js';
import type { FactstrCommonOptions } from '../../module/factstr.options.js';
import { checkText } from '../check-options.js';
import type { NatsConnectionOptions } from '../nats/nats-target.options.js';

/**
 * Options of a follower: where the relayed stream is, where its cursors are kept, and what every store's handlers
 * have. Times in milliseconds.
 *
 * @publicApi
 */
export interface FactstrFollowerOptions extends Omit<
  FactstrCommonOptions,
  'idempotentAppends' | 'appendRetryTimeout' | 'appendIdRetention' | 'metadata'
> {
  /** `nats://host:4222`, one or several of one cluster. */
  servers: string | readonly string[];
  /** The stream that a relay fills, which allows direct reads (`allow_direct`). */
  stream: string;
  /**
   * Where leases and cursors of this service's projections are kept: a SQLite file of its own, or an open store
   * (Postgres), among whose projections their names are then to be unique.
   */
  cursors: { readonly sqlite: string } | FactStore;
  /** How often new events are looked for that the server did not tell of (after an outage, an election). Default 1,000. */
  pollInterval?: number | undefined;
  connection?: NatsConnectionOptions | undefined;
}

/**
 * A class for `forRootAsync({ useClass })` and `forRootAsync({ useExisting })`.
 *
 * @publicApi
 */
export interface FactstrFollowerOptionsFactory {
  createFactstrFollowerOptions(): FactstrFollowerOptions | Promise<FactstrFollowerOptions>;
}

const FOLLOWER = 'FactstrFollowerModule';

/** @throws InvalidOptionsError; what every store has is checked with it */
export function checkFollowerOptions(options: FactstrFollowerOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError(`${FOLLOWER} has no options. Return an object from the factory.`);
  }
  const { servers, stream, cursors, pollInterval } = options;
  const all: readonly unknown[] = Array.isArray(servers) ? servers : [servers];
  checkText(FOLLOWER, 'servers', all[0]);
  for (const server of all) checkText(FOLLOWER, 'servers', server);
  checkText(FOLLOWER, 'stream', stream);
  if (typeof cursors !== 'object' || cursors === null) {
    throw new InvalidOptionsError(
      `${FOLLOWER}: cursors is { sqlite: path }, or an open store that keeps cursors.`,
    );
  }
  wholeNumber('pollInterval', pollInterval, 1, 1);
}
