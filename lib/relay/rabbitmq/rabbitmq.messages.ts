import type { Options } from 'amqplib';
import type { EventRecord } from '../../contract/contract.types.js';
import { describeError } from '../../support/describe-error.js';
import { attributesOf, dataText, structuredText, STRUCTURED_CONTENT_TYPE } from '../cloud-event.js';
import type { RelayedFact } from '../relay-target.js';
import { TargetRefusedError } from '../relay.errors.js';
import type { RabbitMqSettings } from './rabbitmq.settings.js';

/** The longest that AMQP can carry. */
const MAX_ROUTING_KEY_BYTES = 255;

export interface RelayedMessage {
  /** The event's id. */
  readonly id: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly options: Options.Publish;
}

/** A fact as the AMQP binding of CloudEvents has it: on disk before it is confirmed, and returned where no queue takes it. */
export function messageOf(
  { event, fact }: RelayedFact,
  settings: RabbitMqSettings,
): RelayedMessage {
  const { id } = event;
  const options = { persistent: true, mandatory: true, messageId: id };
  const routingKey = routingKeyOf(fact, settings);
  if (settings.mode === 'structured') {
    const content = Buffer.from(structuredText(event));
    return {
      id,
      routingKey,
      content,
      options: { ...options, contentType: STRUCTURED_CONTENT_TYPE },
    };
  }
  const attributes = attributesOf(event).filter(([name]) => name !== 'datacontenttype');
  const headers = Object.fromEntries(
    attributes.map(([name, text]) => [`cloudEvents:${name}`, text]),
  );
  const contentType = event.datacontenttype;
  const content = Buffer.from(dataText(event));
  return { id, routingKey, content, options: { ...options, contentType, headers } };
}

function routingKeyOf(fact: EventRecord, { routingKey }: RabbitMqSettings): string {
  const which = `the fact ${fact.sequence_number}`;
  let key: unknown;
  try {
    key = routingKey(fact);
  } catch (cause) {
    const text = `The option routingKey threw for ${which}: ${describeError(cause)}.`;
    throw new TargetRefusedError(text, { cause });
  }
  if (typeof key !== 'string') {
    throw new TargetRefusedError(
      `The option routingKey gave no text for ${which}, but a value of type ${typeof key}.`,
    );
  }
  const bytes = Buffer.byteLength(key);
  if (bytes <= MAX_ROUTING_KEY_BYTES) return key;
  throw new TargetRefusedError(
    `The routing key of ${which} has ${bytes} bytes; RabbitMQ takes ${MAX_ROUTING_KEY_BYTES}: give the target another routingKey.`,
  );
}
