import { loadClient } from '../load-client.js';

/** The AMQP client's package. */
export type RabbitMqDriver = typeof import('amqplib');

/** @throws MissingDriverError */
export function loadRabbitMqDriver(): Promise<RabbitMqDriver> {
  return loadClient('RabbitMQ', 'amqplib', () => import('amqplib'));
}
