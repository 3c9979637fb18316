import { FactstrError } from '../../contract/errors.js';
import { describeError } from '../../support/describe-error.js';
import { TargetRefusedError, TargetUnavailableError } from '../relay.errors.js';
import type { KafkaSettings } from './kafka.settings.js';

type Explain = (settings: KafkaSettings) => string;

/** What no later attempt mends, by Kafka's code: an operator has to. */
const REFUSED: Readonly<Record<string, Explain>> = {
  SASL_AUTHENTICATION_FAILED: () => `the brokers refuse the user or the password (option sasl)`,
  TOPIC_AUTHORIZATION_FAILED: ({ topic }) =>
    `the user lacks a permission on the topic "${topic}": grant WRITE and DESCRIBE on it, READ too where delivery is 'exactly-once' (the relay's place is kept as an offset), and CREATE where the target shall create it`,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: ({ transactionalId }) =>
    `the user may not use the transactional id "${transactionalId}": grant WRITE and DESCRIBE on it, or take delivery: 'at-least-once'`,
  GROUP_AUTHORIZATION_FAILED: ({ transactionalId }) =>
    `the user may not keep the relay's place in the consumer group "${transactionalId}": grant READ on it, or take delivery: 'at-least-once'`,
  CLUSTER_AUTHORIZATION_FAILED: ({ topic }) =>
    `the user may not send as an idempotent producer, or not create the topic "${topic}": grant IDEMPOTENT_WRITE, or CREATE, on the cluster`,
  MESSAGE_TOO_LARGE: ({ topic }) =>
    `a batch is larger than the topic "${topic}" takes (max.message.bytes)`,
  RECORD_LIST_TOO_LARGE: ({ topic }) =>
    `a batch is larger than a segment of the topic "${topic}" (segment.bytes)`,
  INVALID_TRANSACTION_TIMEOUT: ({ timeout }) =>
    `the brokers allow no transaction of ${timeout} ms (transaction.max.timeout.ms): take a shorter timeout`,
  INVALID_TOPIC_EXCEPTION: ({ topic }) => `"${topic}" cannot be the name of a topic`,
  INVALID_REPLICATION_FACTOR: ({ topic, create }) =>
    `the topic "${topic}" cannot be created with ${create?.replicas} replicas: the cluster has fewer brokers`,
  INVALID_PARTITIONS: ({ topic }) =>
    `the topic "${topic}" cannot be created with so many partitions`,
  INVALID_CONFIG: ({ topic }) => `the topic "${topic}" cannot be created with these configs`,
  POLICY_VIOLATION: ({ topic }) => `the cluster's policy forbids to create the topic "${topic}" so`,
  UNSUPPORTED_VERSION: () => 'the brokers are older than Kafka 3.0',
};

/** What a later attempt mends, where the code alone does not say it. */
const PASSING: Readonly<Record<string, Explain>> = {
  NOT_ENOUGH_REPLICAS: ({ topic }) =>
    `fewer replicas of the topic "${topic}" are in sync than min.insync.replicas asks for`,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: ({ topic }) =>
    `fewer replicas of the topic "${topic}" are in sync than min.insync.replicas asks for`,
  PRODUCER_FENCED: ({ transactionalId }) => fenced(transactionalId),
  INVALID_PRODUCER_EPOCH: ({ transactionalId }) => fenced(transactionalId),
};

function fenced(transactionalId: string): string {
  return `another process sends under the transactional id "${transactionalId}" now`;
}

/** A failure as the relay tells it: which target, what happened, and the way out. */
export function explained(error: unknown, label: string, settings: KafkaSettings): FactstrError {
  if (error instanceof FactstrError) return error;
  const codes = codesOf(error);
  const told = (reasons: Readonly<Record<string, Explain>>): string | undefined => {
    const code = codes.find((each) => Object.hasOwn(reasons, each));
    return code === undefined ? undefined : reasons[code]!(settings);
  };
  const refusal = told(REFUSED);
  if (refusal !== undefined) {
    return new TargetRefusedError(`The ${label} refuses: ${refusal}.`, { cause: error });
  }
  const answer = codes.length === 0 ? described(error) : [...new Set(codes)].join(', ');
  const reason = told(PASSING) ?? answer.replace(/\.$/, '');
  return new TargetUnavailableError(`The ${label} is not available: ${reason}.`, { cause: error });
}

/** With the errors that it holds, one for each broker, which the client's own message leaves out. */
function described(error: unknown): string {
  const { errors } = Object(error) as { errors?: unknown };
  const inner = Array.isArray(errors) ? (errors as unknown[]).slice(0, 3).map(describeError) : [];
  return [describeError(error).replace(/\.$/, ''), ...inner].join(': ');
}

/** The codes that brokers have answered with, as `NOT_ENOUGH_REPLICAS`: of an error and of those that it holds. */
export function codesOf(error: unknown): string[] {
  const { apiId, errors, cause } = Object(error) as Record<string, unknown>;
  const inner: unknown[] = [...(Array.isArray(errors) ? (errors as unknown[]) : []), cause];
  const own = typeof apiId === 'string' ? [apiId] : [];
  return [...own, ...inner.filter((each) => each !== undefined).flatMap(codesOf)];
}
