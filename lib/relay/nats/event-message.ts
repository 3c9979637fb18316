import type { MsgHdrs } from '@nats-io/transport-node';
import type { CloudEvent } from '../cloud-event.js';
import {
  STRUCTURED_CONTENT_TYPE,
  attributesOf,
  dataText,
  percentDecoded,
  percentEncoded,
  structuredText,
} from '../cloud-event.js';
import { memberOf } from '../../support/describe-error.js';

/** Prefix of the headers that hold attributes. */
const PREFIX = 'ce-';
/** The relay that has sent a message: no part of the event. */
const RELAY = 'factstr-relay';
const CONTENT_TYPE = 'content-type';

/** A message as the server has it. */
export interface StoredMessage {
  readonly header?: MsgHdrs | undefined;
  readonly headers?: MsgHdrs | undefined;
  string(): string;
}

/** The id by which a stream recognizes an event that comes again. */
export function messageId({ source, id }: CloudEvent): string {
  return percentEncoded(`${source}#${id}`);
}

/** Fills the headers of an event's message; returns its body. */
export function write(
  event: CloudEvent,
  headers: MsgHdrs,
  mode: 'binary' | 'structured',
  relay: string,
): string {
  headers.set(RELAY, percentEncoded(relay));
  if (mode === 'structured') {
    headers.set(CONTENT_TYPE, STRUCTURED_CONTENT_TYPE);
    return structuredText(event);
  }
  for (const [name, text] of attributesOf(event)) headers.set(PREFIX + name, percentEncoded(text));
  return dataText(event);
}

/** The bytes of headers, which are ASCII. */
export function sizeOf(headers: MsgHdrs): number {
  let bytes = 0;
  for (const name of headers.keys())
    bytes += name.length + headers.get(name).length + ': \r\n'.length;
  return bytes;
}

/** The relay that has sent a message; empty where none has. */
export function relayOf(message: StoredMessage): string {
  return percentDecoded(headersOf(message)?.get(RELAY) ?? '');
}

/** Whether an append goes on after a message's event, as far as headers tell: in structured mode they tell nothing. */
export function goesOn(headers: MsgHdrs | undefined): boolean {
  return headers?.get(`${PREFIX}batchend`) !== headers?.get(`${PREFIX}id`);
}

/** The event of a message; `undefined` where it is none of a relay. */
export function read(message: StoredMessage): CloudEvent | undefined {
  const headers = headersOf(message);
  if (headers === undefined || relayOf(message) === '') return undefined;
  try {
    const event: unknown = headers
      .get(CONTENT_TYPE)
      .toLowerCase()
      .startsWith('application/cloudevents')
      ? JSON.parse(message.string())
      : fromHeaders(headers, message);
    return isEvent(event) ? event : undefined;
  } catch {
    return undefined;
  }
}

function headersOf({ header, headers }: StoredMessage): MsgHdrs | undefined {
  return header ?? headers;
}

function fromHeaders(headers: MsgHdrs, message: StoredMessage): object {
  const attributes = headers
    .keys()
    .map((key) => [key.toLowerCase(), headers.get(key)] as const)
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, value]) => [key.slice(PREFIX.length), percentDecoded(value)] as const);
  return { ...Object.fromEntries(attributes), data: JSON.parse(message.string()) as unknown };
}

function isEvent(value: unknown): value is CloudEvent {
  const texts = ['source', 'type', 'time'].every(
    (name) => typeof memberOf(value, name) === 'string',
  );
  const numbers = ['id', 'batchend'].every((name) =>
    /^[1-9]\d{0,18}$/.test(String(memberOf(value, name))),
  );
  return texts && numbers;
}
