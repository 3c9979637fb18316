import type { EventRecord, FactMetadata } from '../contract/contract.types.js';

/** The media type of an event in structured mode. */
export const STRUCTURED_CONTENT_TYPE = 'application/cloudevents+json; charset=UTF-8';

/** Digits of the largest sequence number. */
const SEQUENCE_DIGITS = 19;

/**
 * A fact as a CloudEvent (version 1.0 of the specification). `source` and `id` together name the fact wherever it comes
 * from: a consumer that meets them again has met the fact again.
 *
 * @publicApi
 */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** The fact's sequence number, as decimal text. */
  readonly id: string;
  /** Names the store: a URI reference. */
  readonly source: string;
  /** The fact's `event_type`. */
  readonly type: string;
  /** The fact's `occurred_at`. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /**
   * The extension `sequence`: the number with leading zeros, 19 digits, so that texts compare as numbers do. Without a
   * `sequencetype`: the extension's `Integer` has 32 bits and no gaps, and a relay leaves facts out.
   */
  readonly sequence: string;
  /**
   * The `id` of the last event of those that are relayed of the fact's append: an event whose `batchend` is its own
   * `id` completes the append.
   */
  readonly batchend: string;
  /** The extension `traceparent`, of the span in which the fact was appended. */
  readonly traceparent?: string;
  /** The extension `correlationid`: the append's `correlation_id`. */
  readonly correlationid?: string;
  /** The `id` of the event of this source that the fact's append follows from, whether it is relayed or not. */
  readonly causationid?: string;
  /** The fact's payload. */
  readonly data: unknown;
}

/** What an event tells besides the fact. */
export interface EventOrigin {
  readonly source: string;
  /** See `CloudEvent.batchend`. */
  readonly batchEnd: bigint;
  /** Of the fact's append. */
  readonly metadata: FactMetadata | null;
}

/** A fact as a CloudEvent. */
export function toCloudEvent(
  { sequence_number, event_type, occurred_at, payload }: EventRecord,
  { source, batchEnd, metadata }: EventOrigin,
): CloudEvent {
  const id = sequence_number.toString();
  const { traceparent, correlation_id, causation_id, causation_store } = metadata ?? {};
  return {
    specversion: '1.0',
    id,
    source,
    type: event_type,
    time: occurred_at,
    datacontenttype: 'application/json',
    sequence: id.padStart(SEQUENCE_DIGITS, '0'),
    batchend: batchEnd.toString(),
    ...(isText(traceparent) && { traceparent }),
    ...(isText(correlation_id) && { correlationid: correlation_id }),
    // Of another store it would be the id of an event of another source.
    ...(isText(causation_id) && causation_store === undefined && { causationid: causation_id }),
    data: payload,
  };
}

/** The event as JSON text, for structured mode. */
export function structuredText(event: CloudEvent): string {
  return JSON.stringify(event);
}

/** The data as JSON text, the body in binary mode. */
export function dataText({ data }: CloudEvent): string {
  return JSON.stringify(data);
}

/** All attributes but the data, as names and texts, for the headers of binary mode. */
export function attributesOf(event: CloudEvent): [name: string, text: string][] {
  const { data: _data, ...attributes } = event;
  return Object.entries(attributes);
}

/**
 * A header's value where the protocol's headers hold printable ASCII only (HTTP, NATS): everything else, space, `"` and
 * `%` are percent-encoded, as the CloudEvents bindings say.
 */
export function percentEncoded(text: string): string {
  // A lone surrogate, which has no UTF-8, is no part of a stored fact.
  return text.replaceAll(/[^!#$&-~]+/gu, (part) =>
    [...Buffer.from(part)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}

/** The text of a header's value; a value that is no such encoding is taken as it is. */
export function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
