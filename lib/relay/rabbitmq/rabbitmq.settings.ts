import type { EventRecord } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import { wholeNumber } from '../../contract/numbers.js';
import { checkChoice, checkFunction, checkNames, checkText } from '../check-options.js';
import type { RabbitMqTargetOptions } from './rabbitmq.options.js';

const TARGET = 'rabbitmqTarget';
const KNOWN: readonly (keyof RabbitMqTargetOptions)[] = [
  'url',
  'exchange',
  'queue',
  'routingKey',
  'create',
  'mode',
  'inFlight',
  'tls',
];
const DEFAULT_IN_FLIGHT = 500;

/** The options with their defaults. */
export interface RabbitMqSettings extends RabbitMqTargetOptions {
  readonly urls: readonly string[];
  /** Empty for the default exchange, which takes a queue's name as the routing key. */
  readonly exchange: string;
  readonly routingKey: (fact: EventRecord) => string;
  readonly mode: 'binary' | 'structured';
  readonly inFlight: number;
}

/** @throws InvalidOptionsError */
export function rabbitMqSettings(options: RabbitMqTargetOptions): RabbitMqSettings {
  checkNames(TARGET, options, KNOWN);
  const { url, exchange, queue, routingKey, create } = options;
  const urls: readonly unknown[] = typeof url === 'string' ? [url] : url;
  if (!Array.isArray(urls) || urls.length === 0 || !urls.every(isAmqpUrl)) {
    throw new InvalidOptionsError(
      `${TARGET}: url is an address such as amqp://user:password@host:5672/vhost, or a list of them.`,
    );
  }
  if ((exchange === undefined) === (queue === undefined)) {
    throw new InvalidOptionsError(`${TARGET}: name either an exchange or a queue.`);
  }
  checkText(TARGET, exchange === undefined ? 'queue' : 'exchange', exchange ?? queue);
  checkFunction(TARGET, 'routingKey', routingKey);
  if (queue !== undefined && routingKey !== undefined) {
    throw new InvalidOptionsError(`${TARGET}: a queue takes no routingKey: its name is the key.`);
  }
  if (create !== undefined) {
    const types =
      queue === undefined
        ? ['topic', 'direct', 'fanout', 'headers']
        : ['quorum', 'classic', 'stream'];
    checkText(TARGET, 'create.type', create.type);
    checkChoice(TARGET, 'create.type', create.type, types);
  }
  checkChoice(TARGET, 'mode', options.mode, ['binary', 'structured']);
  return {
    ...options,
    urls: urls as string[],
    exchange: exchange ?? '',
    routingKey: queue === undefined ? (routingKey ?? ((fact) => fact.event_type)) : () => queue,
    mode: options.mode ?? 'binary',
    inFlight: wholeNumber('inFlight', options.inFlight, DEFAULT_IN_FLIGHT, 1),
  };
}

/** What the target sends to, in messages: without credentials. */
export function labelOf({ urls, exchange, queue }: RabbitMqSettings): string {
  const places = urls.map((text) => {
    const { protocol, host, pathname } = new URL(text);
    return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
  });
  const what = queue === undefined ? `exchange "${exchange}"` : `queue "${queue}"`;
  return `${what} on ${places.join(', ')}`;
}

function isAmqpUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return (protocol === 'amqp:' || protocol === 'amqps:') && hostname !== '';
}
