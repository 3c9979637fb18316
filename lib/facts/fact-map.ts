import type { EventRecord, NewEvent } from '../contract/contract.types.js';

/**
 * The application's facts, to be augmented by it:
 * ```ts
 * declare module 'nestjs-factstr' {
 *   interface FactMap {
 *     'item-added': { sku: string };
 *   }
 * }
 * ```
 * Left empty, every type is admitted and payloads are `unknown`.
 *
 * @publicApi
 */
export interface FactMap {}

/**
 * The known event types, or any string while `FactMap` is empty.
 *
 * @publicApi
 */
export type FactType = [keyof FactMap] extends [never] ? string : Extract<keyof FactMap, string>;

/**
 * The payload of an event type; `unknown` for a type that `FactMap` does not have.
 *
 * @publicApi
 */
export type FactPayload<T extends string> = T extends keyof FactMap ? FactMap[T] : unknown;

/**
 * A committed fact of one of the types `T`, to be told apart by `event_type`.
 *
 * @publicApi
 */
export type FactRecord<T extends string = FactType> = T extends string
  ? Omit<EventRecord, 'event_type' | 'payload'> & { event_type: T; payload: FactPayload<T> }
  : never;

/**
 * An event to append, its payload checked against `FactMap`.
 *
 * @publicApi
 */
export function fact<const T extends FactType>(
  event_type: T,
  payload: FactPayload<T>,
): NewEvent & { event_type: T; payload: FactPayload<T> } {
  return { event_type, payload };
}
