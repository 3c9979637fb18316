import { MissingDriverError } from '../../contract/errors.js';
import { isNotInstalled, reasonOf } from '../../support/require-driver.js';

/** The NATS client's packages, as far as they are used. */
export interface NatsDriver {
  readonly transport: typeof import('@nats-io/transport-node');
  readonly jetstream: typeof import('@nats-io/jetstream');
  readonly kv: typeof import('@nats-io/kv');
}

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
  const [transport, jetstream, kv] = await Promise.all([
    loaded('@nats-io/transport-node', () => import('@nats-io/transport-node')),
    loaded('@nats-io/jetstream', () => import('@nats-io/jetstream')),
    loaded('@nats-io/kv', () => import('@nats-io/kv')),
  ]);
  return { transport, jetstream, kv };
}

async function loaded<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new MissingDriverError(
      isNotInstalled(cause, name)
        ? `The NATS client needs the package "${name}", which is not installed: npm install @nats-io/transport-node @nats-io/jetstream @nats-io/kv`
        : `The package "${name}" is installed but does not load: ${reasonOf(cause)}.`,
      { cause },
    );
  }
}
