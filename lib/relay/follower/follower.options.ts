import type { FactStore } from '../../contract/contract.types.js';
import type { FactstrCommonOptions } from '../../module/factstr.options.js';
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
  /** How often new events are looked for. Default 100. */
  pollInterval?: number | undefined;
  connection?: NatsConnectionOptions | undefined;
}
