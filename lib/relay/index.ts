export {
  ReadOnlyStoreError,
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
export type { LastSent, RelayIdentity, RelayTarget, RelayedFact } from './relay-target.js';
export { kafkaTarget } from './kafka/kafka.target.js';
export type {
  KafkaSaslOptions,
  KafkaTargetOptions,
  KafkaTopicOptions,
} from './kafka/kafka.options.js';
