import type { ConnectionOptions } from 'node:tls';
import type { EventRecord } from '../../contract/contract.types.js';

/** @publicApi */
export interface KafkaTargetOptions {
  /** `host:port` of some of the cluster's brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  /** The topic must be there, unless `create` is given. */
  readonly topic: string;
  /**
   * Facts with the same key keep their order: they are in one partition. Default: all facts have one key, the store's
   * source, so that the topic has the log's order. A key of its own for each order, account, … spreads the facts over
   * the topic's partitions.
   */
  readonly key?: (fact: EventRecord) => string;
  /**
   * `exactly-once`: each batch is a transaction that also keeps how far the relay is, so that nothing is sent twice to
   * consumers that read committed messages. `at-least-once`, for clusters and roles without transactions: after a
   * crash or an outage messages may be repeated, with the id that they had. Default `exactly-once`.
   */
  readonly delivery?: 'exactly-once' | 'at-least-once';
  /**
   * The name of the relay's transactions, and of the consumer group in which its place is kept. Two relays never share
   * one. Default `nestjs-factstr.relay.` and the relay's name.
   */
  readonly transactionalId?: string;
  /** Creates the topic where it is missing. */
  readonly create?: KafkaTopicOptions;
  /**
   * `binary`: the fact's payload is the message, the event's attributes are headers. `structured`: the message is the
   * whole event as JSON. Default `binary`.
   */
  readonly mode?: 'binary' | 'structured';
  /** Default `none`. */
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** How long one request may take, in milliseconds. Default 30,000. */
  readonly timeout?: number;
  /** As for `tls.connect`; `{}` for TLS with the system's authorities. Default: no TLS. */
  readonly tls?: ConnectionOptions;
  readonly sasl?: KafkaSaslOptions;
}

/** @publicApi */
export interface KafkaTopicOptions {
  readonly partitions: number;
  /** How many brokers hold each partition. */
  readonly replicas: number;
  /** Of the topic, as `{ 'min.insync.replicas': '2' }`. */
  readonly configs?: Readonly<Record<string, string>>;
}

/** @publicApi */
export interface KafkaSaslOptions {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER';
  readonly username?: string;
  readonly password?: string;
  /** For OAUTHBEARER; a function is asked for each connection. */
  readonly token?: string | (() => string | Promise<string>);
}
