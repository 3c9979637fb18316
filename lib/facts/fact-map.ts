import type { EventRecord, NewEvent, QueryResult } from '../contract/contract.types.js';

declare const SHAPE: unique symbol;

/**
 * The application's facts, to be augmented by it:
 * ```ts
 * declare module 'nestjs-factstr' {
 *   interface FactMap {
 *     'item-added': { sku: string };
 *   }
 * }
 * ```
 * Each member is a payload's type or, with schemas, a `SchemaPayload` (`FactsOf`). Left empty, every type is admitted
 * and payloads are `unknown`.
 *
 * @publicApi
 */
export interface FactMap {}

/**
 * What `FactMap` says of a type that has a schema: what an append takes, and what readers get.
 *
 * @publicApi
 */
export interface SchemaPayload<Input, Output> {
  readonly [SHAPE]: { readonly input: Input; readonly output: Output };
}

/**
 * The known event types, or any string while the map is empty.
 *
 * @publicApi
 */
export type FactType<Facts = FactMap> = [keyof Facts] extends [never]
  ? string
  : Extract<keyof Facts, string>;

/**
 * The payload that readers of an event type get; `unknown` for a type that the map does not have.
 *
 * @publicApi
 */
export type FactPayload<T extends string, Facts = FactMap> = T extends keyof Facts
  ? Facts[T] extends SchemaPayload<unknown, infer Output>
    ? Output
    : Facts[T]
  : unknown;

/**
 * The payload that an append of an event type takes; `unknown` for a type that the map does not have.
 *
 * @publicApi
 */
export type FactInput<T extends string, Facts = FactMap> = T extends keyof Facts
  ? Facts[T] extends SchemaPayload<infer Input, unknown>
    ? Input
    : Facts[T]
  : unknown;

/**
 * What the log stores of an event type's payload: the JSON round trip of what was appended.
 *
 * @publicApi
 */
export type FactStored<T extends string, Facts = FactMap> = T extends string
  ? JsonOf<FactInput<T, Facts>>
  : never;

/**
 * What a query may ask of an event type's payload: any part of what is stored. Members that a default or a
 * transformation of a schema may supply are left out, as facts that only read so would be missed.
 *
 * @publicApi
 */
export type FactPart<T extends string, Facts = FactMap> = T extends keyof Facts
  ? Facts[T] extends SchemaPayload<infer Input, infer Output>
    ? PayloadPart<Unchanged<JsonOf<Input>, Output>>
    : PayloadPart<JsonOf<Facts[T]>>
  : unknown;

/**
 * A payload predicate: any part of a payload, which a fact's payload is to contain.
 *
 * @publicApi
 */
export type PayloadPart<P> = unknown extends P
  ? unknown
  : P extends readonly (infer E)[]
    ? PayloadPart<E>[]
    : P extends object
      ? { [K in keyof P]?: PayloadPart<P[K]> }
      : P;

/** What `JSON.parse(JSON.stringify(value))` makes of a value. */
export type JsonOf<P> = unknown extends P
  ? unknown
  : P extends { toJSON(key?: string): infer Json }
    ? JsonOf<Json>
    : P extends readonly unknown[]
      ? { [I in keyof P]: JsonOf<P[I]> }
      : P extends object
        ? { [K in keyof P]: JsonOf<P[K]> }
        : P;

/** The members of a schema's input that its output has unchanged. */
type Unchanged<Input, Output> =
  Same<Input, Output> extends true
    ? Input
    : Input extends readonly unknown[]
      ? never
      : Input extends object
        ? {
            [
              K in keyof Input & keyof Output as Same<
                Unchanged<Input[K], Output[K]>,
                never
              > extends true
                ? never
                : K
            ]: Unchanged<Input[K], Output[K]>;
          }
        : never;

type Same<A, B> = [A, B] extends [B, A] ? true : false;

/**
 * A committed fact of one of the types `T`, to be told apart by `event_type`.
 *
 * @publicApi
 */
export type FactRecord<T extends string = FactType, Facts = FactMap> = T extends string
  ? Omit<EventRecord, 'event_type' | 'payload'> & {
      event_type: T;
      payload: FactPayload<T, Facts>;
    }
  : never;

/**
 * What a query for facts of the types `T` returns.
 *
 * @publicApi
 */
export type FactQueryResult<T extends string = FactType, Facts = FactMap> = Omit<
  QueryResult,
  'event_records'
> & {
  /** The matching facts. They belong to the caller. */
  event_records: FactRecord<T, Facts>[];
};

/**
 * A fact to append: one of the map's, or one that `foreignFact` made. Any event while the map is empty.
 *
 * @publicApi
 */
export type NewFact<Facts = FactMap> = [keyof Facts] extends [never]
  ? NewEvent
  : | {
        [T in Extract<keyof Facts, string>]: {
          event_type: T;
          payload: FactInput<T, Facts>;
        };
      }[Extract<keyof Facts, string>]
    | ForeignFact;

/**
 * An event to append, its payload checked against `FactMap`.
 *
 * @publicApi
 */
export function fact<const T extends FactType>(
  event_type: T,
  payload: FactInput<T>,
): { event_type: T; payload: FactInput<T> } {
  return { event_type, payload };
}

/** Marks an event of `foreignFact`. */
export const FOREIGN_FACT: unique symbol = Symbol.for('nestjs-factstr:foreign') as never;

/**
 * A fact of a type that the application does not know.
 *
 * @publicApi
 */
export interface ForeignFact extends NewEvent {
  // Kept apart from the known types, so that these stay literals where a fact is inferred.
  event_type: string & {};
  readonly [FOREIGN_FACT]: true;
}

/**
 * An event to append whose type is not in `FactMap`: for tools that carry the facts of others, an import for example.
 * Where schemas are registered, one of a registered type is checked nevertheless, and one of a former type has to be
 * readable as the type that has replaced it: so a release writes a former type as long as older processes read it.
 *
 * @publicApi
 */
export function foreignFact(event_type: string, payload: unknown): ForeignFact {
  return { event_type, payload, [FOREIGN_FACT]: true };
}

/** Whether `foreignFact` made it. */
export function isForeignFact(event: object): event is ForeignFact {
  return (event as Partial<ForeignFact>)[FOREIGN_FACT] === true;
}
