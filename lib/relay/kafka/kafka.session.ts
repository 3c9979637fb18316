import type { Broker, Connection, NumericMap } from '@platformatic/kafka';
import type { CloudEvent } from '../cloud-event.js';
import type { LastSent } from '../relay-target.js';
import type { KafkaCluster } from './connection/kafka.cluster.js';
import type { KafkaTopic } from './connection/kafka.topic.js';
import { placeOf, placeText } from './kafka.place.js';
import type { KafkaSettings } from './kafka.settings.js';
import type { RelayedRecord } from './kafka.records.js';

/** From all replicas that are in sync. */
const ACKS_ALL = -1;
/** Sequence numbers of a producer start again after 2^31 - 1. */
const SEQUENCES = 2 ** 31;
/** What a group without members has in the place of a generation. */
const NO_GENERATION = -1;
/** The place is kept as the offset of this partition, whichever the facts are in. */
const PLACE_PARTITION = 0;

/** What a broker answers that does not know yet that it leads a partition, as of a new topic. */
const LEADS_NOT_YET: ReadonlySet<string> = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);
/** A leader that has changed is looked up by the next session. */
const LEADER_PATIENCE_MS = 1_000;

interface Producer {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

interface Coordinators {
  readonly transactions: Broker;
  readonly group: Broker;
}

/**
 * One producer, from its opening to its first failure: after that nobody knows what the topic holds, and the next
 * session finds out.
 *
 * With transactions, to open a session ends those that an earlier one of the same transactional id left, and no request
 * of that one is accepted any more, not even one that is still on its way: what is then read as the place is the last
 * word. Facts and place are committed together, or neither.
 */
export class KafkaSession {
  readonly #cluster: KafkaCluster;
  readonly #settings: KafkaSettings;
  readonly #producer: Producer;
  /** Absent where there are no transactions. */
  readonly #coordinators: Coordinators | undefined;
  /** By topic and partition. */
  readonly #sequences: NumericMap;

  private constructor(
    cluster: KafkaCluster,
    settings: KafkaSettings,
    readonly topic: KafkaTopic,
    producer: Producer,
    coordinators: Coordinators | undefined,
  ) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#producer = producer;
    this.#coordinators = coordinators;
    this.#sequences = new cluster.driver.NumericMap();
  }

  static async open(
    cluster: KafkaCluster,
    settings: KafkaSettings,
    topic: KafkaTopic,
  ): Promise<KafkaSession> {
    const { delivery, transactionalId, timeout } = settings;
    const coordinators =
      delivery === 'exactly-once'
        ? {
            transactions: await cluster.coordinator('TRANSACTION', transactionalId),
            group: await cluster.coordinator('GROUP', transactionalId),
          }
        : undefined;
    const id = coordinators === undefined ? null : transactionalId;
    const { initProducerIdV4 } = cluster.driver;
    const producer = await cluster.patiently(async () => {
      const broker =
        coordinators === undefined
          ? await cluster.anyBroker()
          : await cluster.broker(coordinators.transactions);
      return initProducerIdV4.api.async(broker, id, timeout, -1n, -1);
    });
    return new KafkaSession(cluster, settings, topic, producer, coordinators);
  }

  /** The last event that was committed. `undefined` where Kafka does not know, or no longer. */
  async place(): Promise<LastSent | undefined> {
    if (this.#coordinators === undefined) return undefined;
    const { group } = this.#coordinators;
    const { offsetFetchV8 } = this.#cluster.driver;
    const topics = [{ name: this.topic.name, partitionIndexes: [PLACE_PARTITION] }];
    const groups = [{ groupId: this.#settings.transactionalId, memberEpoch: -1, topics }];
    const { groups: answers } = await this.#cluster.patiently(async () =>
      offsetFetchV8.api.async(await this.#cluster.broker(group), groups, true),
    );
    return placeOf(answers[0]?.topics[0]?.partitions[0]);
  }

  /** Resolves when all in-sync replicas have the records, in a transaction where there are any. */
  async send(records: readonly RelayedRecord[], last: CloudEvent): Promise<void> {
    if (this.#coordinators === undefined) {
      await this.#produce(records);
      return;
    }
    const { transactionalId } = this.#settings;
    const { producerId, producerEpoch } = this.#producer;
    const { endTxnV3 } = this.#cluster.driver;
    await this.#begin(records);
    await Promise.all([this.#produce(records), this.#keepPlace(last)]);
    await endTxnV3.api.async(
      await this.#coordinator(),
      transactionalId,
      producerId,
      producerEpoch,
      true,
    );
  }

  /** Tells the coordinator what the transaction writes to. Waits for the end of the transaction before, which goes on after its answer. */
  async #begin(records: readonly RelayedRecord[]): Promise<void> {
    const { addPartitionsToTxnV3 } = this.#cluster.driver;
    const partitions = [...new Set(records.map(({ partition }) => partition))];
    // Version 3 is the last for clients: the later ones are the brokers' own, and need rights on the cluster.
    const transaction = {
      transactionalId: this.#settings.transactionalId,
      ...this.#producer,
      verifyOnly: false,
      topics: [{ name: this.topic.name, partitions }],
    };
    await this.#cluster.patiently(async () =>
      addPartitionsToTxnV3.api.async(await this.#coordinator(), [transaction]),
    );
  }

  async #produce(records: readonly RelayedRecord[]): Promise<void> {
    const { compression, timeout, transactionalId } = this.#settings;
    const { produceV9 } = this.#cluster.driver;
    const options = {
      ...this.#producer,
      sequences: this.#sequences,
      compression,
      ...(this.#coordinators !== undefined && { transactionalId }),
    };
    const byLeader = Map.groupBy(records, ({ partition }) => this.topic.leaders[partition]!);
    const outcomes = await Promise.allSettled(
      [...byLeader].map(([leader, own]) =>
        // The same batches with the same numbers: what a partition has of them it does not store again.
        this.#cluster.patiently(
          async () => {
            const broker = await this.#cluster.broker(leader);
            await produceV9.api.async(broker, ACKS_ALL, timeout, own, options);
          },
          LEADS_NOT_YET,
          LEADER_PATIENCE_MS,
        ),
      ),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    for (const { topic, partition } of records) {
      const key = `${topic}:${partition}`;
      this.#sequences.set(key, (this.#sequences.getWithDefault(key, 0) + 1) % SEQUENCES);
    }
  }

  async #keepPlace(last: CloudEvent): Promise<void> {
    const { transactionalId } = this.#settings;
    const { producerId, producerEpoch } = this.#producer;
    const { addOffsetsToTxnV3, txnOffsetCommitV3 } = this.#cluster.driver;
    await addOffsetsToTxnV3.api.async(
      await this.#coordinator(),
      transactionalId,
      producerId,
      producerEpoch,
      transactionalId,
    );
    const partition = {
      partitionIndex: PLACE_PARTITION,
      committedOffset: BigInt(last.id),
      committedLeaderEpoch: -1,
      committedMetadata: placeText(last),
    };
    const { group } = this.#coordinators!;
    await txnOffsetCommitV3.api.async(
      await this.#cluster.broker(group),
      transactionalId,
      transactionalId,
      producerId,
      producerEpoch,
      NO_GENERATION,
      '',
      null,
      [{ name: this.topic.name, partitions: [partition] }],
    );
  }

  #coordinator(): Promise<Connection> {
    return this.#cluster.broker(this.#coordinators!.transactions);
  }
}
