import type { EventQuery } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import type { DurableProjectionOptions } from './durable-projection.options.js';
import { messages } from '../messages.js';

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
 * The decorator of a handler's method; several on one method add up.
 *
 * @throws InvalidOptionsError where discovery would not look: static members, symbols, properties
 */
export function handlerDecorator(metadata: HandlerMetadata): HandlerDecorator {
  return (target, key, descriptor) => {
    const method = methodOf(target, key, descriptor);
    if (method === undefined)
      throw new InvalidOptionsError(messages.notAMethod(nameOf(target, key)));
    declare(HANDLERS, method, target, key as string, (others: readonly HandlerMetadata[]) => [
      ...others,
      metadata,
    ]);
  };
}

/** The metadata of a method's decorators; none where a class overrides the method without a decorator. */
export function readHandlerMetadata(prototype: object, key: string): readonly HandlerMetadata[] {
  return (declared(HANDLERS, prototype, key) ?? []) as readonly HandlerMetadata[];
}

/**
 * The decorator of `@ApplyFact`; stacked ones add up.
 *
 * @throws InvalidOptionsError as `handlerDecorator` does
 */
export function applyFactDecorator(types: readonly string[]): HandlerDecorator {
  return (target, key, descriptor) => {
    const method = methodOf(target, key, descriptor);
    if (method === undefined) {
      throw new InvalidOptionsError(messages.notAnApplier(nameOf(target, key)));
    }
    declare(APPLIED_FACTS, method, target, key as string, (others: readonly string[]) => [
      ...new Set([...others, ...types]),
    ]);
  };
}

/** The event types that a method applies; `undefined` when it carries no `@ApplyFact`. */
export function readAppliedTypes(prototype: object, key: string): readonly string[] | undefined {
  return declared(APPLIED_FACTS, prototype, key) as readonly string[] | undefined;
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

/**
 * Kept on the method, which may be put into another class, and on the member of its class: a decorator above may
 * replace the method by a wrapper that knows nothing of it.
 */
function declare<T>(
  metadata: string,
  method: object,
  target: object,
  key: string,
  add: (others: readonly T[]) => readonly T[],
): void {
  const ofMethod = (Reflect.getMetadata(metadata, method) ?? []) as readonly T[];
  Reflect.defineMetadata(metadata, add(ofMethod), method);
  const ofMember = (Reflect.getOwnMetadata(metadata, target, key) ?? []) as readonly T[];
  Reflect.defineMetadata(metadata, add(ofMember), target, key);
}

/** Of the nearest class that has the member: the member's metadata there, else the method's, or its prototype's. */
function declared(metadata: string, prototype: object, key: string): unknown {
  let owner: object = prototype;
  while (!Object.hasOwn(owner, key)) owner = Object.getPrototypeOf(owner) as object;
  const ofMember: unknown = Reflect.getOwnMetadata(metadata, owner, key);
  if (ofMember !== undefined) return ofMember;
  const method: unknown = Object.getOwnPropertyDescriptor(owner, key)?.value;
  return typeof method === 'function' ? Reflect.getMetadata(metadata, method) : undefined;
}

/**
 * A class's own projections, or those of the nearest class above it that has some. Where a decorator put another
 * class before the one that was declared, each of the two is asked.
 */
export function readClassProjections(...types: unknown[]): readonly DurableProjectionOptions[] {
  for (const type of types) {
    if (typeof type !== 'function') continue;
    const found: unknown = Reflect.getMetadata(CLASS_PROJECTIONS, type);
    if (found !== undefined) return found as readonly DurableProjectionOptions[];
  }
  return [];
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
