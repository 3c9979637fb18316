import type { EventQuery } from '../contract/contract.types.js';
import { InvalidOptionsError } from '../contract/errors.js';
import type { DurableProjectionOptions } from './durable-projection.options.js';
import { messages } from './messages.js';

/**
 * Where the decorators keep their metadata: fixed keys, so that handlers are found also when this package is
 * loaded twice.
 */
const HANDLERS = 'nestjs-factstr:handlers';
const CLASS_PROJECTIONS = 'nestjs-factstr:class-projections';
const APPLIED_FACTS = 'nestjs-factstr:applied-facts';

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

/** `key` is absent on classes. */
type HandlerDecorator = (
  target: object,
  key?: string | symbol,
  descriptor?: PropertyDescriptor,
) => void;

/**
 * The decorator that adds to what other decorators on the same method left there.
 *
 * @throws InvalidOptionsError where discovery would not look: static members, symbols, properties
 */
export function handlerDecorator(metadata: HandlerMetadata): HandlerDecorator {
  return (target, key, descriptor) => {
    const method = methodOf(target, key, descriptor);
    if (method === undefined)
      throw new InvalidOptionsError(messages.notAMethod(nameOf(target, key)));
    Reflect.defineMetadata(HANDLERS, [...readHandlerMetadata(method), metadata], method);
  };
}

export function readHandlerMetadata(method: object): readonly HandlerMetadata[] {
  return (Reflect.getOwnMetadata(HANDLERS, method) ?? []) as readonly HandlerMetadata[];
}

/**
 * The decorator of `@ApplyFact`; stacked ones add up.
 *
 * @throws InvalidOptionsError as the others do
 */
export function applyFactDecorator(types: readonly string[]): HandlerDecorator {
  return (target, key, descriptor) => {
    const method = methodOf(target, key, descriptor);
    if (method === undefined) {
      throw new InvalidOptionsError(messages.notAnApplier(nameOf(target, key)));
    }
    const others = readAppliedTypes(method) ?? [];
    Reflect.defineMetadata(APPLIED_FACTS, [...new Set([...others, ...types])], method);
  };
}

/** The event types that a method applies; `undefined` when it carries no `@ApplyFact`. */
export function readAppliedTypes(method: object): readonly string[] | undefined {
  return Reflect.getOwnMetadata(APPLIED_FACTS, method) as readonly string[] | undefined;
}

/**
 * The decorator of a class whose methods carry `@ApplyFact`.
 *
 * @throws InvalidOptionsError on anything else than a class
 */
export function classProjectionDecorator(options: DurableProjectionOptions): HandlerDecorator {
  return (target, key) => {
    if (typeof target !== 'function' || key !== undefined) {
      throw new InvalidOptionsError(messages.notAClass(String(key)));
    }
    const others = (Reflect.getOwnMetadata(CLASS_PROJECTIONS, target) ??
      []) as DurableProjectionOptions[];
    Reflect.defineMetadata(CLASS_PROJECTIONS, [...others, options], target);
  };
}

/** A class's own projections, or those of the nearest class above it that has some. */
export function readClassProjections(type: unknown): readonly DurableProjectionOptions[] {
  if (typeof type !== 'function') return [];
  return (Reflect.getMetadata(CLASS_PROJECTIONS, type) ??
    []) as readonly DurableProjectionOptions[];
}

function methodOf(
  target: object,
  key: string | symbol | undefined,
  descriptor: PropertyDescriptor | undefined,
): object | undefined {
  const method: unknown = descriptor?.value;
  const found =
    typeof method === 'function' && typeof target !== 'function' && typeof key === 'string';
  return found ? method : undefined;
}

/** Of a member, or of the class where that was decorated. */
function nameOf(target: object, key: string | symbol | undefined): string {
  return key === undefined ? (target as { name?: string }).name || 'a class' : String(key);
}
