import { MissingDriverError } from '../../contract/errors.js';
import { isNotInstalled, reasonOf } from '../../support/require-driver.js';

/** The AMQP client's package. */
export type RabbitMqDriver = typeof import('amqplib');

const PACKAGE = 'amqplib';

/**
 * Loads the client, whose package is an optional peer dependency, at the first use.
 *
 * @throws MissingDriverError
 */
export async function loadRabbitMqDriver(): Promise<RabbitMqDriver> {
  try {
    return await import('amqplib');
  } catch (cause) {
    throw new MissingDriverError(
      isNotInstalled(cause, PACKAGE)
        ? `The RabbitMQ target needs the package "${PACKAGE}", which is not installed: npm install ${PACKAGE}`
        : `The package "${PACKAGE}" is installed but does not load: ${reasonOf(cause)}.`,
      { cause },
    );
  }
}
