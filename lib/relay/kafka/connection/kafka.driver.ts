import { loadClient } from '../../load-client.js';

/** The Kafka client's package. */
export type KafkaDriver = typeof import('@platformatic/kafka');

/** @throws MissingDriverError */
export function loadKafkaDriver(): Promise<KafkaDriver> {
  return loadClient('Kafka', '@platformatic/kafka', () => import('@platformatic/kafka'));
}
