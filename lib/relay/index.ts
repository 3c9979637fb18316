export {
  ReadOnlyStoreError,
  TargetBehindError,
  TargetDivergedError,
  TargetRefusedError,
  TargetUnavailableError,
} from './relay.errors.js';
export {
  STRUCTURED_CONTENT_TYPE,
  attributesOf,
  dataText,
  percentDecoded,
  percentEncoded,
  structuredText,
} from './cloud-event.js';
export type { CloudEvent } from './cloud-event.js';
export { FactstrRelayModule } from './factstr-relay.module.js';
export type {
  FactstrRelayExtras,
  FactstrRelayOptions,
  FactstrRelayOptionsFactory,
} from './relay.options.js';
export type {
  LastSent,
  RelayIdentity,
  RelayTarget,
  RelayTargetFactory,
  RelayedFact,
} from './relay-target.js';
export { natsTarget } from './nats/nats.target.js';
export type {
  NatsConnectionOptions,
  NatsTargetOptions,
  NewNatsStream,
} from './nats/nats-target.options.js';
export { kafkaTarget } from './kafka/kafka.target.js';
export type {
  KafkaSaslOptions,
  KafkaTargetOptions,
  KafkaTopicOptions,
} from './kafka/kafka.options.js';
export { FactstrFollowerModule } from './follower/factstr-follower.module.js';
export type {
  FactstrFollowerOptions,
  FactstrFollowerOptionsFactory,
} from './follower/follower.options.js';
export { rabbitmqTarget } from './rabbitmq/rabbitmq.target.js';
export type {
  RabbitMqExchangeType,
  RabbitMqQueueType,
  RabbitMqTargetOptions,
} from './rabbitmq/rabbitmq.options.js';
