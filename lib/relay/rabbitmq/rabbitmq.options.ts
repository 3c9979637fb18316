import type { ConnectionOptions } from 'node:tls';
import type { EventRecord } from '../../contract/contract.types.js';

/** @publicApi */
export interface RabbitMqTargetOptions {
  /** As `amqp://user:password@host:5672/vhost`, `amqps://` for TLS. Of a cluster: its nodes, tried in turn. */
  readonly url: string | readonly string[];
  /** The exchange that facts are published to. Either this or `queue`. */
  readonly exchange?: string;
  /** The queue that facts are sent to. */
  readonly queue?: string;
  /** For an exchange. Default: the fact's `event_type`. */
  readonly routingKey?: (fact: EventRecord) => string;
  /** Creates the exchange or the queue where it is missing: durable, of this type. It must be there otherwise. */
  readonly create?: RabbitMqExchangeType | RabbitMqQueueType;
  /**
   * `binary`: the fact's payload is the message, the event's attributes are headers. `structured`: the message is the
   * whole event as JSON. Default `binary`.
   */
  readonly mode?: 'binary' | 'structured';
  /**
   * How many messages may wait for their confirmation. 1 keeps the order even where a queue refuses single messages
   * (`x-overflow: reject-publish`). Default 500.
   */
  readonly inFlight?: number;
  /** As for `tls.connect`, with `amqps://`. */
  readonly tls?: ConnectionOptions;
}

/** @publicApi */
export interface RabbitMqExchangeType {
  readonly type: 'topic' | 'direct' | 'fanout' | 'headers';
}

/** @publicApi */
export interface RabbitMqQueueType {
  readonly type: 'quorum' | 'classic' | 'stream';
}
