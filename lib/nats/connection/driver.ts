import { missingClient } from '../../contract/missing-client.js';

/** The NATS client's packages, as far as they are used. */
export interface NatsDriver {
  readonly transport: typeof import('@nats-io/transport-node');
  readonly jetstream: typeof import('@nats-io/jetstream');
  readonly kv: typeof import('@nats-io/kv');
}

const PACKAGES = ['@nats-io/transport-node', '@nats-io/jetstream', '@nats-io/kv'];

let driver: Promise<NatsDriver> | undefined;

/**
 * Loads the client, whose packages are optional peer dependencies, at the first use.
 *
 * @throws MissingDriverError
 */
export function loadNatsDriver(): Promise<NatsDriver> {
  driver ??= load();
  // What was missing may be installed before the next attempt.
  driver.catch(() => (driver = undefined));
  return driver;
}

async function load(): Promise<NatsDriver> {
  try {
    return {
      transport: await import('@nats-io/transport-node'),
      jetstream: await import('@nats-io/jetstream'),
      kv: await import('@nats-io/kv'),
    };
  } catch (cause) {
    throw missingClient('The NATS client', PACKAGES, cause);
  }
}
