import type { MessageRecord } from '@platformatic/kafka';
import type { EventRecord } from '../../contract/contract.types.js';
import { describeError } from '../../support/describe-error.js';
import { attributesOf, dataText, structuredText, STRUCTURED_CONTENT_TYPE } from '../cloud-event.js';
import type { CloudEvent } from '../cloud-event.js';
import type { RelayedFact } from '../relay-target.js';
import { TargetRefusedError } from '../relay.errors.js';
import type { KafkaDriver } from './connection/kafka.driver.js';
import type { KafkaTopic } from './connection/kafka.topic.js';
import type { KafkaSettings } from './kafka.settings.js';

/** Of a batch, beside its records. */
const BATCH_BYTES = 61;
/** At most, of a record beside its key, value and headers; and of a header beside its name and text. */
const RECORD_BYTES = 30;
const HEADER_BYTES = 10;
/** In one request, over all partitions. */
const MAX_REQUEST_BYTES = 8 * 1024 * 1024;

type Content = Required<Pick<MessageRecord, 'value' | 'headers'>>;

export interface RelayedRecord extends MessageRecord {
  readonly partition: number;
  /** The event's id. */
  readonly id: string;
  /** At most, as it is stored. */
  readonly bytes: number;
}

/**
 * A fact as Kafka's binding of CloudEvents has it. It has no time of its own: the topic's retention counts
 * from its arrival.
 */
export function recordOf(
  { event, fact }: RelayedFact,
  { name: topic, leaders }: KafkaTopic,
  { murmur2 }: KafkaDriver,
  settings: KafkaSettings,
): RelayedRecord {
  const key = keyOf(fact, settings);
  const { value, headers } = settings.mode === 'binary' ? binary(event) : structured(event);
  let bytes = RECORD_BYTES + key.length + value.length;
  for (const [name, text] of headers) bytes += HEADER_BYTES + name.length + text.length;
  // As Kafka's own clients do: other producers of these keys find the same partitions.
  const partition = (murmur2(key) & 0x7fffffff) % leaders.length;
  return { topic, partition, key, value, headers, id: event.id, bytes };
}

function binary(event: CloudEvent): Content {
  const headers = attributesOf(event).map(([name, text]) =>
    header(name === 'datacontenttype' ? 'content-type' : `ce_${name}`, text),
  );
  return { value: Buffer.from(dataText(event)), headers: new Map(headers) };
}

function structured(event: CloudEvent): Content {
  const headers = new Map([header('content-type', STRUCTURED_CONTENT_TYPE)]);
  return { value: Buffer.from(structuredText(event)), headers };
}

function header(name: string, text: string): [Buffer, Buffer] {
  return [Buffer.from(name), Buffer.from(text)];
}

function keyOf(fact: EventRecord, settings: KafkaSettings): Buffer {
  let key: unknown;
  try {
    key = settings.key(fact);
    if (typeof key === 'string') return Buffer.from(key);
  } catch (cause) {
    const text = `The option key threw for the fact ${fact.sequence_number}: ${describeError(cause)}.`;
    throw new TargetRefusedError(text, { cause });
  }
  throw new TargetRefusedError(
    `The option key gave no text for the fact ${fact.sequence_number}, but a value of type ${typeof key}.`,
  );
}

/**
 * Cuts records into requests in which no partition's batch is larger than the topic takes. The requests before a record
 * that is too large by itself are given before the error.
 *
 * @throws TargetRefusedError
 */
export function* requestsOf(
  records: readonly RelayedRecord[],
  maxBatchBytes: number,
): Generator<RelayedRecord[]> {
  let request: RelayedRecord[] = [];
  let total = 0;
  let batches = new Map<number, number>();
  for (const record of records) {
    const { partition, bytes } = record;
    const batch = (batches.get(partition) ?? BATCH_BYTES) + bytes;
    if (request.length > 0 && (batch > maxBatchBytes || total + bytes > MAX_REQUEST_BYTES)) {
      yield request;
      [request, total, batches] = [[], 0, new Map()];
    }
    if (BATCH_BYTES + bytes > maxBatchBytes) throw tooLarge(record, maxBatchBytes);
    request.push(record);
    total += bytes;
    batches.set(partition, (batches.get(partition) ?? BATCH_BYTES) + bytes);
  }
  if (request.length > 0) yield request;
}

function tooLarge({ topic, id, bytes }: RelayedRecord, maxBatchBytes: number): TargetRefusedError {
  return new TargetRefusedError(
    `The fact ${id} has ${bytes} bytes as a message, and the topic "${topic}" takes ${maxBatchBytes}: raise its max.message.bytes, or let the relay's query leave such facts out.`,
  );
}
