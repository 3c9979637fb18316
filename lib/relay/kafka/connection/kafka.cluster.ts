import type { Broker, Connection, ConnectionPool, metadataV9 } from '@platformatic/kafka';
import { pause } from '../../../support/async/turns.js';
import { codesOf } from '../kafka.errors.js';
import type { KafkaSettings } from '../kafka.settings.js';
import type { KafkaDriver } from './kafka.driver.js';

/** The brokers, and topics that were asked for. */
export type Metadata = metadataV9.MetadataResponse;

/** What Kafka answers while it is busy with something that ends soon. */
const PASSING: ReadonlySet<string> = new Set([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'LEADER_NOT_AVAILABLE',
  'UNSTABLE_OFFSET_COMMIT',
]);

/**
 * The connections to a cluster's brokers, for single requests: the client's own producer repeats requests by itself,
 * after which nobody knows what the topic holds.
 */
export class KafkaCluster {
  readonly #pool: ConnectionPool;
  readonly #bootstrap: Broker[];
  readonly #timeout: number;
  readonly #guarded = new WeakSet<Connection>();

  constructor(
    readonly driver: KafkaDriver,
    { brokers, clientId, timeout, tls, sasl }: KafkaSettings,
  ) {
    this.#timeout = timeout;
    this.#bootstrap = brokers.map((broker) => driver.parseBroker(broker));
    this.#pool = new driver.ConnectionPool(clientId, {
      connectTimeout: Math.min(timeout, 10_000),
      requestTimeout: timeout,
      ...(tls !== undefined && { tls }),
      ...(sasl !== undefined && { sasl }),
    });
  }

  /** The connection to some broker. */
  async anyBroker(): Promise<Connection> {
    return this.#guard(await this.#pool.getFirstAvailable(this.#bootstrap));
  }

  async broker({ host, port }: Broker): Promise<Connection> {
    return this.#guard(await this.#pool.get({ host, port }));
  }

  async metadata(topics: string[]): Promise<Metadata> {
    return this.driver.metadataV9.api.async(await this.anyBroker(), topics, false, false);
  }

  /** The broker that coordinates a transactional id or a group. */
  async coordinator(of: 'TRANSACTION' | 'GROUP', key: string): Promise<Broker> {
    const keyType = this.driver.FindCoordinatorKeyTypes[of];
    const { coordinators } = await this.patiently(async () =>
      this.driver.findCoordinatorV4.api.async(await this.anyBroker(), keyType, [key]),
    );
    return coordinators[0]!;
  }

  /** Asks again while Kafka answers that it is busy with something that ends soon, as with the transaction before. */
  async patiently<T>(
    request: () => Promise<T>,
    passing: ReadonlySet<string> = PASSING,
    patience = this.#timeout,
  ): Promise<T> {
    const deadline = performance.now() + patience;
    for (let delay = 2; ; delay = Math.min(100, delay * 2)) {
      try {
        return await request();
      } catch (error) {
        const isPassing = codesOf(error).some((code) => passing.has(code));
        if (!isPassing || performance.now() > deadline) throw error;
      }
      await pause(delay);
    }
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  /** The client takes its own listener away after the first error: a second one would end the process. */
  #guard(connection: Connection): Connection {
    if (!this.#guarded.has(connection)) connection.on('error', () => undefined);
    this.#guarded.add(connection);
    return connection;
  }
}
