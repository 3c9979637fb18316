import { InvalidOptionsError } from '../../contract/errors.js';
import { isWhole, wholeNumber } from '../../contract/numbers.js';
import type { EventRecord } from '../../contract/contract.types.js';
import { checkChoice, checkFunction, checkNames, checkText } from '../check-options.js';
import type { RelayIdentity } from '../relay-target.js';
import type { KafkaTargetOptions } from './kafka.options.js';

const TARGET = 'kafkaTarget';
const KNOWN: readonly (keyof KafkaTargetOptions)[] = [
  'brokers',
  'topic',
  'key',
  'delivery',
  'transactionalId',
  'create',
  'mode',
  'compression',
  'timeout',
  'tls',
  'sasl',
];
const DEFAULT_TIMEOUT_MS = 30_000;

/** The options with their defaults, for one relay. */
export interface KafkaSettings extends KafkaTargetOptions {
  readonly clientId: string;
  readonly key: (fact: EventRecord) => string;
  readonly delivery: 'exactly-once' | 'at-least-once';
  readonly transactionalId: string;
  readonly mode: 'binary' | 'structured';
  readonly compression: NonNullable<KafkaTargetOptions['compression']>;
  readonly timeout: number;
}

/** @throws InvalidOptionsError */
export function checkedKafkaOptions(options: KafkaTargetOptions): KafkaTargetOptions {
  checkNames(TARGET, options, KNOWN);
  const { brokers, topic, create } = options;
  if (!Array.isArray(brokers) || brokers.length === 0 || !brokers.every(isAddress)) {
    throw new InvalidOptionsError(
      `${TARGET}: brokers is a list of addresses, as in ['kafka-1:9092', 'kafka-2:9092'].`,
    );
  }
  checkText(TARGET, 'topic', topic);
  checkFunction(TARGET, 'key', options.key);
  checkChoice(TARGET, 'delivery', options.delivery, ['exactly-once', 'at-least-once']);
  if (options.transactionalId !== undefined) {
    checkText(TARGET, 'transactionalId', options.transactionalId);
  }
  checkChoice(TARGET, 'mode', options.mode, ['binary', 'structured']);
  const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
  checkChoice(TARGET, 'compression', options.compression, compressions);
  wholeNumber('timeout', options.timeout, DEFAULT_TIMEOUT_MS, 1);
  if (create !== undefined && !(isWhole(create.partitions, 1) && isWhole(create.replicas, 1))) {
    throw new InvalidOptionsError(
      `${TARGET}: create names partitions and replicas, as in create: { partitions: 6, replicas: 3 }.`,
    );
  }
  return { ...options };
}

export function settingsOf(
  options: KafkaTargetOptions,
  { name, source }: RelayIdentity,
): KafkaSettings {
  const own = `nestjs-factstr.relay.${name}`;
  return {
    ...options,
    // Without spaces, which clients do not take.
    clientId: own.replaceAll(/\s+/g, '_'),
    key: options.key ?? (() => source),
    delivery: options.delivery ?? 'exactly-once',
    transactionalId: options.transactionalId ?? own,
    mode: options.mode ?? 'binary',
    compression: options.compression ?? 'none',
    timeout: options.timeout ?? DEFAULT_TIMEOUT_MS,
  };
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && /^[^\s:]+(:\d{1,5})?$/.test(value);
}
