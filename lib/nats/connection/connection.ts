import { readFile } from 'node:fs/promises';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { InvalidOptionsError } from '../../contract/errors.js';
import type { ResolvedNatsOptions } from '../options.js';
import { loadNatsDriver } from './driver.js';
import { connectError, isRefusedPull } from './errors.js';

/**
 * How long one attempt at a request waits, in milliseconds: a stream without a leader does not answer at all, and has
 * one a moment later.
 */
export const ATTEMPT_MS = 2_000;

/** How often a silent server is asked whether it lives, in milliseconds: after two questions it counts as gone. */
const PING_INTERVAL_MS = 2_000;
const RECONNECT_WAIT_MS = 200;

/** An open connection: it looks for another server by itself when the one that it has is gone. */
export class NatsLink {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  #isConnected = true;
  /** What a server has refused that no request waits for: the client tells it of the connection only. */
  #refusedPull: Error | undefined;

  private constructor(
    connection: NatsConnection,
    client: JetStreamClient,
    manager: JetStreamManager,
  ) {
    this.connection = connection;
    this.client = client;
    this.manager = manager;
    void this.#watch();
  }

  /** @throws MissingDriverError, InvalidOptionsError, DatabaseUnavailableError, PermissionDeniedError */
  static async open(options: ResolvedNatsOptions): Promise<NatsLink> {
    const { transport, jetstream } = await loadNatsDriver();
    const { connection: given, requestTimeout: timeout } = options;
    const { credentialsFile, ...settings } = given;
    const authenticator =
      credentialsFile === undefined
        ? {}
        : { authenticator: transport.credsAuthenticator(await credentials(credentialsFile)) };
    let connection: NatsConnection | undefined;
    try {
      connection = await transport.connect({
        name: 'nestjs-factstr',
        ...defined(settings),
        ...authenticator,
        servers: options.servers,
        timeout,
        maxReconnectAttempts: -1,
        reconnectTimeWait: RECONNECT_WAIT_MS,
        pingInterval: PING_INTERVAL_MS,
        maxPingOut: 2,
      });
      const api = { timeout: Math.min(timeout, ATTEMPT_MS) };
      const manager = await jetstream.jetstreamManager(connection, { ...api, checkAPI: false });
      return new NatsLink(connection, jetstream.jetstream(connection, api), manager);
    } catch (error) {
      await connection?.close();
      throw connectError(error, options.servers);
    }
  }

  /** Whether a server is there at this moment, as far as is known. What is sent else waits in this process. */
  get isConnected(): boolean {
    return this.#isConnected && !this.connection.isClosed();
  }

  /** Why the servers hand out no messages to this user; `undefined` where they do, as far as is known. */
  get refusedPull(): Error | undefined {
    return this.#refusedPull;
  }

  /** What a message may hold at most, headers included, in bytes. */
  get maxPayload(): number {
    return this.connection.info?.max_payload ?? 1024 * 1024;
  }

  async close(): Promise<void> {
    if (!this.connection.isClosed()) await this.connection.close();
  }

  async #watch(): Promise<void> {
    for await (const status of this.connection.status()) {
      const { type } = status;
      if (type === 'disconnect' || type === 'staleConnection') this.#isConnected = false;
      if (type === 'reconnect') {
        this.#isConnected = true;
        // Another server may know better.
        this.#refusedPull = undefined;
      }
      if (type === 'error' && isRefusedPull(status.error)) this.#refusedPull = status.error;
    }
  }
}

async function credentials(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new InvalidOptionsError(
      `The file ${JSON.stringify(path)} of connection.credentialsFile cannot be read.`,
      { cause },
    );
  }
}

function defined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
