import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import type { CloudEvent } from 'nestjs-factstr/relay';
import { read } from '../../../lib/relay/nats/event-message.js';

/** A stream of a test, seen from outside of the relay. */
export class TestStream {
  readonly #connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly name: string;

  private constructor(connection: NatsConnection, manager: JetStreamManager, name: string) {
    this.#connection = connection;
    this.manager = manager;
    this.name = name;
  }

  static async open(servers: string[], name: string): Promise<TestStream> {
    const connection = await connect({ servers });
    return new TestStream(connection, await jetstreamManager(connection), name);
  }

  get connection(): NatsConnection {
    return this.#connection;
  }

  async messages(): Promise<StoredMsg[]> {
    const { state } = await this.manager.streams.info(this.name);
    const messages: StoredMsg[] = [];
    if (state.messages === 0) return messages;
    let next = state.first_seq;
    while (next <= state.last_seq) {
      const batch = await this.manager.direct.getBatch(this.name, { seq: next, batch: 1_000 });
      for await (const message of batch) messages.push(message);
      if ((messages.at(-1)?.seq ?? 0) < next) {
        // Any replica answers, also one that is behind: the leader tells whether there is more.
        const message = await this.manager.streams.getMessage(this.name, { seq: next });
        if (message === null) break;
        messages.push(message);
      }
      next = messages.at(-1)!.seq + 1;
    }
    return messages;
  }

  /** Every event, in the stream's order. */
  async events(): Promise<(CloudEvent | undefined)[]> {
    return (await this.messages()).map((message) => read(message));
  }

  async count(): Promise<number> {
    return (await this.manager.streams.info(this.name)).state.messages;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
