import type { Broker } from '@platformatic/kafka';
import { TargetRefusedError } from '../../relay.errors.js';
import { until } from '../../../support/async/until.js';
import { codesOf } from '../kafka.errors.js';
import type { KafkaSettings } from '../kafka.settings.js';
import type { KafkaCluster, Metadata } from './kafka.cluster.js';

/** Kafka's own bound of a batch, for roles that may not read the topic's. */
const DEFAULT_MAX_BATCH_BYTES = 1_048_588;

type Configs = ReadonlyMap<string, string | null | undefined>;

/** A topic as a session finds it. */
export interface KafkaTopic {
  readonly name: string;
  /** The leading broker of each partition, by its number. */
  readonly leaders: readonly Broker[];
  /** The largest batch that a partition takes, in bytes. */
  readonly maxBatchBytes: number;
  /** How the topic may lose what it has acknowledged, for the operator. */
  readonly dangers: readonly string[];
}

/**
 * Finds the topic, or creates it where the options say so.
 *
 * @throws TargetRefusedError It is not there.
 */
export async function readyTopic(
  cluster: KafkaCluster,
  settings: KafkaSettings,
): Promise<KafkaTopic> {
  const { topic: name } = settings;
  const metadata = (await lookUp(cluster, name)) ?? (await create(cluster, settings));
  const partitions = metadata.topics[0]!.partitions;
  const brokers = new Map(metadata.brokers.map((broker) => [broker.nodeId, broker]));
  const leaders = partitions
    .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
    .map(({ leaderId }) => brokers.get(leaderId)!);
  const replicas = Math.min(...partitions.map(({ replicaNodes }) => replicaNodes.length));
  const configs = await configsOf(cluster, name);
  const maxBatchBytes = Number(configs.get('max.message.bytes') ?? DEFAULT_MAX_BATCH_BYTES);
  return { name, leaders, maxBatchBytes, dangers: dangersOf(name, replicas, configs) };
}

function dangersOf(name: string, replicas: number, configs: Configs): string[] {
  const dangers: string[] = [];
  if (replicas > 1 && configs.get('min.insync.replicas') === '1') {
    dangers.push(
      `The topic "${name}" has ${replicas} replicas and min.insync.replicas=1: a broker alone may acknowledge facts, which are lost with it. Set min.insync.replicas=2 on the topic.`,
    );
  }
  if (configs.get('unclean.leader.election.enable') === 'true') {
    dangers.push(
      `The topic "${name}" has unclean.leader.election.enable=true: a broker that missed facts may take over, and they are lost. Set it to false.`,
    );
  }
  return dangers;
}

/** `undefined` where the topic is not there. */
async function lookUp(cluster: KafkaCluster, name: string): Promise<Metadata | undefined> {
  try {
    return await cluster.patiently(() => cluster.metadata([name]));
  } catch (error) {
    if (codesOf(error).includes('UNKNOWN_TOPIC_OR_PARTITION')) return undefined;
    throw error;
  }
}

async function create(
  cluster: KafkaCluster,
  { topic: name, create: wanted, timeout }: KafkaSettings,
): Promise<Metadata> {
  if (wanted === undefined) {
    throw new TargetRefusedError(
      `The topic "${name}" is not there: create it, or say how the target shall, as in create: { partitions: 6, replicas: 3, configs: { 'min.insync.replicas': '2' } }.`,
    );
  }
  const { partitions: numPartitions, replicas: replicationFactor, configs = {} } = wanted;
  const topic = {
    name,
    numPartitions,
    replicationFactor,
    assignments: [],
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  };
  const { brokers, controllerId } = await cluster.metadata([]);
  const controller = brokers.find(({ nodeId }) => nodeId === controllerId) ?? brokers[0]!;
  const { createTopicsV7 } = cluster.driver;
  try {
    await createTopicsV7.api.async(await cluster.broker(controller), [topic], timeout, false);
  } catch (error) {
    // Another process of the relay was quicker.
    if (!codesOf(error).includes('TOPIC_ALREADY_EXISTS')) throw error;
  }
  let metadata: Metadata | undefined;
  // The brokers hear of it one after the other.
  await until(async () => (metadata = await lookUp(cluster, name)) !== undefined, timeout);
  if (metadata === undefined) throw new Error(`The topic "${name}" was created and is not there.`);
  return metadata;
}

/** Nothing for roles that may not read the topic's configuration. */
async function configsOf(cluster: KafkaCluster, name: string): Promise<Configs> {
  const { describeConfigsV4, ConfigResourceTypes } = cluster.driver;
  const configurationKeys = [
    'max.message.bytes',
    'min.insync.replicas',
    'unclean.leader.election.enable',
  ];
  const resource = {
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName: name,
    configurationKeys,
  };
  try {
    const broker = await cluster.anyBroker();
    const { results } = await describeConfigsV4.api.async(broker, [resource], false, false);
    return new Map(results[0]!.configs.map((config) => [config.name, config.value]));
  } catch (error) {
    if (codesOf(error).some((code) => code.endsWith('_AUTHORIZATION_FAILED'))) return new Map();
    throw error;
  }
}
