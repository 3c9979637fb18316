import { MissingDriverError } from '../../../contract/errors.js';
import { isNotInstalled, reasonOf } from '../../../support/require-driver.js';

/** The Kafka client's package. */
export type KafkaDriver = typeof import('@platformatic/kafka');

const PACKAGE = '@platformatic/kafka';

/**
 * Loads the client, whose package is an optional peer dependency, at the first use.
 *
 * @throws MissingDriverError
 */
export async function loadKafkaDriver(): Promise<KafkaDriver> {
  try {
    return await import('@platformatic/kafka');
  } catch (cause) {
    throw new MissingDriverError(
      isNotInstalled(cause, PACKAGE)
        ? `The Kafka target needs the package "${PACKAGE}", which is not installed: npm install ${PACKAGE}`
        : `The package "${PACKAGE}" is installed but does not load: ${reasonOf(cause)}.`,
      { cause },
    );
  }
}
