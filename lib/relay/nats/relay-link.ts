import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { FactstrError } from '../../contract/errors.js';
import { loadNatsDriver } from '../../nats/connection/driver.js';
import { describeError, isInstance, memberOf } from '../../support/describe-error.js';
import { TargetRefusedError, TargetUnavailableError } from '../relay.errors.js';
import type { NatsConnectionOptions } from './nats-target.options.js';

/** A silent server is asked so often whether it lives, in milliseconds, and counts as gone after two questions. */
const PING_INTERVAL_MS = 5_000;

/** Codes of JetStream's answers. */
export const CODES = { streamNotFound: 10059, wrongLastSequence: 10071, nameInUse: 10058 };

/** One connection, which ends with its server's: what was not sent by then is never sent. */
export class RelayLink {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly headers: () => MsgHdrs;

  private constructor(
    connection: NatsConnection,
    client: JetStreamClient,
    manager: JetStreamManager,
    headers: () => MsgHdrs,
  ) {
    this.connection = connection;
    this.client = client;
    this.manager = manager;
    this.headers = headers;
  }

  /** `timeout`: of each request, in milliseconds. @throws TargetUnavailableError, MissingDriverError */
  static async open(
    servers: readonly string[],
    given: NatsConnectionOptions | undefined,
    timeout: number,
    label: string,
  ): Promise<RelayLink> {
    const { transport, jetstream } = await loadNatsDriver();
    let connection: NatsConnection | undefined;
    try {
      connection = await transport.connect({
        name: 'nestjs-factstr relay',
        pingInterval: PING_INTERVAL_MS,
        maxPingOut: 2,
        timeout,
        reconnect: false,
        ...defined(given ?? {}),
        servers: [...servers],
      });
      const manager = await jetstream.jetstreamManager(connection, { timeout, checkAPI: false });
      const client = jetstream.jetstream(connection, { timeout });
      return new RelayLink(connection, client, manager, transport.headers);
    } catch (error) {
      await connection?.close();
      throw natsError(error, label);
    }
  }

  get isOpen(): boolean {
    return !this.connection.isClosed();
  }

  /** What a message may have at most, headers included, in bytes. */
  get maxPayload(): number {
    return this.connection.info?.max_payload ?? 1_048_576;
  }

  async close(): Promise<void> {
    if (this.isOpen) await this.connection.close();
  }
}

/** The code of what a server answered; `undefined` where it did not answer. */
export function answerCode(error: unknown): number | undefined {
  const code = memberOf(error, 'code');
  const isAnswer = typeof memberOf(error, 'apiError') === 'function';
  return isAnswer && typeof code === 'number' ? code : undefined;
}

/** The error of a request to the target that a label names. */
export function natsError(error: unknown, label: string): FactstrError {
  if (isInstance(error, FactstrError)) return error;
  const code = answerCode(error);
  // Without a leader, or on its way to one: the answers of such servers have the status 503.
  const isPassing =
    code === undefined || memberOf(error, 'status') === 503 || code === CODES.wrongLastSequence;
  const message = describeError(error);
  const isRefusal = /authoriz|authentic|permission/i.test(message);
  if (isPassing && !isRefusal) {
    return new TargetUnavailableError(`The target ${label} cannot be reached: ${message}`, {
      cause: error,
    });
  }
  return new TargetRefusedError(`The target ${label} refused: ${message}`, { cause: error });
}

function defined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
