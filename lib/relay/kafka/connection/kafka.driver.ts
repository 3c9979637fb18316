import { missingClient } from '../../../contract/missing-client.js';

/** The Kafka client's package. */
export type KafkaDriver = typeof import('@platformatic/kafka');

/** @throws MissingDriverError */
export async function loadKafkaDriver(): Promise<KafkaDriver> {
  try {
    return await import('@platformatic/kafka');
  } catch (cause) {
    throw missingClient('The Kafka target', ['@platformatic/kafka'], cause);
  }
}
