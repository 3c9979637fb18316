import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { TargetRefusedError, TargetUnavailableError } from '../relay.errors.js';
import type { RabbitMqDriver } from './rabbitmq.driver.js';
import { tooLarge } from './rabbitmq.errors.js';
import type { RelayedMessage } from './rabbitmq.messages.js';
import type { RabbitMqSettings } from './rabbitmq.settings.js';

/** How long a node may take to answer the first time. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Two of them without a sign of the server, and the connection is lost. */
const HEARTBEAT_SECONDS = 10;

/**
 * A connection with one channel, whose messages the server confirms. When one of the two is lost, the session is: what
 * waited for its confirmation then may be stored or not.
 */
export class RabbitMqSession {
  readonly #connection: ChannelModel;
  readonly #channel: ConfirmChannel;
  readonly #settings: RabbitMqSettings;
  /** What waits for its confirmation, by its id. */
  readonly #waiting = new Map<string, RelayedMessage>();
  /** Why no queue took a message, by its id: told before its confirmation. */
  readonly #returned = new Map<string, string>();
  /** Routing keys whose last message was not accepted: the next one goes alone, so that none overtakes it. */
  readonly #suspects = new Set<string>();
  /** Whether a message was accepted at all: the first one goes alone too. */
  #isProven = false;
  /** Why the first message was not accepted, of those that were sent since the last failure. */
  #failure: Error | undefined;
  #lost: Error | undefined;
  #isFull = false;
  #wake: (() => void) | undefined;
  /** Why the server takes no messages at the moment: it is short of memory or disk. */
  blocked: string | undefined;

  private constructor(
    connection: ChannelModel,
    channel: ConfirmChannel,
    settings: RabbitMqSettings,
  ) {
    this.#connection = connection;
    this.#channel = channel;
    this.#settings = settings;
    const lose = (error?: Error): void =>
      this.#lose(error ?? new Error('The connection was closed'));
    // An error comes before the end, and says why.
    for (const emitter of [connection, channel]) emitter.on('error', lose).on('close', lose);
    connection.on('blocked', (reason) => (this.blocked = reason));
    connection.on('unblocked', () => (this.blocked = undefined));
    channel.on('drain', () => this.#awake(() => (this.#isFull = false)));
    channel.on('return', ({ fields, properties }) => {
      const { replyText } = fields as { replyText?: string };
      this.#returned.set(String(properties.messageId), replyText ?? 'NO_ROUTE');
    });
  }

  /** Connects to the first node that answers, and checks that what is sent to is there. */
  static async open(driver: RabbitMqDriver, settings: RabbitMqSettings): Promise<RabbitMqSession> {
    const connection = await connected(driver, settings);
    try {
      // What closes the channel is told by the call that it answers.
      connection.on('error', () => undefined);
      const channel = await connection.createConfirmChannel();
      channel.on('error', () => undefined);
      await ready(channel, settings);
      return new RabbitMqSession(connection, channel, settings);
    } catch (error) {
      await connection.close().catch(() => undefined);
      throw error;
    }
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Resolves when the server has confirmed all messages. After a failure no further ones are sent. */
  async send(messages: readonly RelayedMessage[]): Promise<void> {
    this.#failure = undefined;
    this.#returned.clear();
    for (const message of messages) {
      const isAlone = !this.#isProven || this.#suspects.has(message.routingKey);
      const room = isAlone ? 1 : this.#settings.inFlight;
      await this.#until(() => this.#waiting.size < room && !this.#isFull);
      if (this.#failure !== undefined) break;
      this.#publish(message);
      if (isAlone) await this.#until(() => this.#waiting.size === 0);
    }
    await this.#until(() => this.#waiting.size === 0);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #publish(message: RelayedMessage): void {
    const { id, routingKey, content, options } = message;
    this.#waiting.set(id, message);
    const confirm = (error: unknown): void =>
      this.#confirmed(message, error !== null && error !== undefined);
    try {
      const { exchange } = this.#settings;
      this.#isFull = !this.#channel.publish(exchange, routingKey, content, options, confirm);
    } catch (error) {
      this.#lose(error as Error);
    }
  }

  #confirmed(message: RelayedMessage, isRefused: boolean): void {
    const { id, routingKey } = message;
    // Of those that wait when everything is lost, the client says so too.
    if (this.#lost !== undefined || !this.#waiting.has(id)) return;
    this.#awake(() => {
      this.#waiting.delete(id);
      const returned = this.#returned.get(id);
      if (returned === undefined && !isRefused) {
        this.#suspects.delete(routingKey);
        this.#isProven = true;
        return;
      }
      this.#suspects.add(routingKey);
      this.#failure ??=
        returned === undefined ? this.#notStored(message) : this.#notRouted(message, returned);
    });
  }

  #notRouted({ id, routingKey }: RelayedMessage, reason: string): Error {
    const { exchange, queue } = this.#settings;
    return new TargetRefusedError(
      queue === undefined
        ? `No queue takes the fact ${id}: none is bound to the exchange "${exchange}" for the routing key "${routingKey}" (${reason}). Bind one, or let the relay's query leave such facts out.`
        : `The fact ${id} has nowhere to go: the queue "${queue}" is not there any more (${reason}). Create it.`,
    );
  }

  #notStored({ id, routingKey }: RelayedMessage): Error {
    return new TargetUnavailableError(
      `A queue refused the fact ${id} (routing key "${routingKey}"): it is full and refuses what comes (x-overflow), or it is not available now.`,
    );
  }

  #lose(error: Error): void {
    const size = tooLarge(error);
    const message = [...this.#waiting.values()].find(
      ({ content }) => content.length === size?.bytes,
    );
    const lost =
      size === undefined || message === undefined
        ? error
        : new TargetRefusedError(
            `The fact ${message.id} has ${size.bytes} bytes as a message, and RabbitMQ takes ${size.limit}: raise its max_message_size, or let the relay's query leave such facts out.`,
            { cause: error },
          );
    this.#awake(() => (this.#lost ??= lost));
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (this.#lost === undefined && !isSo()) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#lost !== undefined) throw this.#lost;
  }

  #awake(change: () => void): void {
    change();
    this.#wake?.();
  }
}

async function connected(
  { connect }: RabbitMqDriver,
  { urls, tls }: RabbitMqSettings,
): Promise<ChannelModel> {
  const failures: unknown[] = [];
  for (const text of urls) {
    const url = new URL(text);
    if (!url.searchParams.has('heartbeat')) {
      url.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
    }
    try {
      return await connect(url.href, { noDelay: true, timeout: CONNECT_TIMEOUT_MS, ...tls });
    } catch (error) {
      failures.push(error);
    }
  }
  throw failures.length === 1 ? failures[0] : new AggregateError(failures);
}

async function ready(
  channel: ConfirmChannel,
  { exchange, queue, create }: RabbitMqSettings,
): Promise<void> {
  if (queue === undefined) {
    if (create === undefined) await channel.checkExchange(exchange);
    else await channel.assertExchange(exchange, create.type, { durable: true });
  } else if (create === undefined) {
    await channel.checkQueue(queue);
  } else {
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': create.type } });
  }
}
