import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamClient, JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { until } from '../../support/waiting/until.js';

/** A stream by the NATS client alone. */
export class RawStream {
  readonly subject: string;

  private constructor(
    readonly name: string,
    readonly connection: NatsConnection,
    readonly client: JetStreamClient,
    readonly manager: JetStreamManager,
  ) {
    this.subject = `factstr.${name}`;
  }

  static async open(servers: readonly string[], name: string): Promise<RawStream> {
    const connection = await connect({
      servers: [...servers],
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      pingInterval: 1_000,
    });
    const manager = await jetstreamManager(connection, { timeout: 2_000, checkAPI: false });
    return new RawStream(name, connection, jetstream(connection), manager);
  }

  info(): Promise<StreamInfo> {
    return this.manager.streams.info(this.name);
  }

  /** The name of the server that leads the stream, as soon as one does. */
  async leader(): Promise<string> {
    let leader: string | undefined;
    await until(
      async () => {
        leader = (await this.info().catch(() => undefined))?.cluster?.leader;
        return leader !== undefined && leader !== '';
      },
      () => `a leader of ${this.name}`,
    );
    return leader!;
  }

  /** Waits until every replica has what the leader has. */
  async replicated(): Promise<void> {
    let last: unknown;
    await until(
      async () => {
        const cluster = (await this.info().catch(() => undefined))?.cluster;
        last = cluster;
        return cluster?.replicas?.every(({ current, lag }) => current && !lag) === true;
      },
      () => `the replicas of ${this.name}: ${JSON.stringify(last)}`,
    );
  }

  /** Has another server lead the stream. */
  async stepDown(): Promise<void> {
    await this.connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${this.name}`, '', {
      timeout: 5_000,
    });
  }

  /** Every message, in order. */
  async messages(): Promise<string[]> {
    const { last_seq } = (await this.info()).state;
    const found: string[] = [];
    if (last_seq === 0) return found;
    const consumer = await this.client.consumers.get(this.name, {
      deliver_policy: 'all',
    });
    const messages = await consumer.consume();
    for await (const message of messages) {
      found.push(message.string());
      if (message.seq >= last_seq) break;
    }
    await consumer.delete().catch(() => undefined);
    return found;
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}
