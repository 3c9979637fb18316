import type { EventQuery } from '../contract/contract.types.js';
import { InvalidOptionsError } from '../contract/errors.js';
import type { DurableProjectionOptions } from './durable-projection.options.js';
import { messages } from './messages.js';

/**
 * Where the decorators keep their metadata: a fixed key, so that handlers are found also when this package is
 * loaded twice.
 */
const HANDLERS = 'nestjs-factstr:handlers';

/** One decorator on one method. */
export type HandlerMetadata = LiveMetadata | DurableMetadata;

export interface LiveMetadata {
  readonly kind: 'live';
  readonly store: string | undefined;
  readonly query: EventQuery;
}

export interface DurableMetadata {
  readonly kind: 'durable';
  readonly store: string | undefined;
  readonly query: EventQuery;
  readonly options: DurableProjectionOptions;
}

type HandlerDecorator = (
  target: object,
  key: string | symbol,
  descriptor?: PropertyDescriptor,
) => void;

/**
 * The decorator that adds to what other decorators on the same method left there.
 *
 * @throws InvalidOptionsError where discovery would not look: static members, symbols, properties
 */
export function handlerDecorator(metadata: HandlerMetadata): HandlerDecorator {
  return (target, key, descriptor) => {
    const method: unknown = descriptor?.value;
    if (typeof method !== 'function' || typeof target === 'function' || typeof key === 'symbol') {
      throw new InvalidOptionsError(messages.notAMethod(String(key)));
    }
    Reflect.defineMetadata(HANDLERS, [...readHandlerMetadata(method), metadata], method);
  };
}

export function readHandlerMetadata(method: object): readonly HandlerMetadata[] {
  return (Reflect.getOwnMetadata(HANDLERS, method) ?? []) as readonly HandlerMetadata[];
}
