import type { EventQuery } from '../contract/contract.types.js';

/**
 * Where the decorators keep their metadata: a fixed key, so that handlers are found also when this package is
 * loaded twice.
 */
const HANDLERS = 'nestjs-factstr:handlers';

/** One decorator on one method. */
export type HandlerMetadata =
  | { readonly kind: 'live'; readonly store: string | undefined; readonly query: EventQuery }
  | {
      readonly kind: 'durable';
      readonly store: string | undefined;
      readonly name: string;
      readonly query: EventQuery;
    };

/** Adds to what other decorators on the same method left there. */
export function addHandlerMetadata(method: object, metadata: HandlerMetadata): void {
  Reflect.defineMetadata(HANDLERS, [...readHandlerMetadata(method), metadata], method);
}

export function readHandlerMetadata(method: object): readonly HandlerMetadata[] {
  return (Reflect.getOwnMetadata(HANDLERS, method) ?? []) as readonly HandlerMetadata[];
}
