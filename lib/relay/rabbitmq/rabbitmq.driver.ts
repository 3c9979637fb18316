import { missingClient } from '../../contract/missing-client.js';

/** The AMQP client's package. */
export type RabbitMqDriver = typeof import('amqplib');

/** @throws MissingDriverError */
export async function loadRabbitMqDriver(): Promise<RabbitMqDriver> {
  try {
    return await import('amqplib');
  } catch (cause) {
    throw missingClient('The RabbitMQ target', ['amqplib'], cause);
  }
}
