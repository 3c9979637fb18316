import type { EventQuery, EventRecord } from '../../contract/contract.types.js';
import type { DurableProjectionOptions } from './durable-projection.options.js';
import type { FactRecord, FactType } from '../../facts/fact-map.js';
import { toEventQuery } from '../../facts/fact-query.js';
import type { FactQuery } from '../../facts/fact-query.js';
import { classProjectionDecorator, handlerDecorator } from './handler-metadata.js';
import type {
  FactHandlerDecorator,
  ProjectionClassDecorator,
  ProjectionContext,
} from './handler-types.js';

/**
 * Calls the method with the facts of every batch after the projection's stored cursor, from the beginning of
 * the log on, then live: one batch per call, strictly in order. The cursor moves only after the method
 * succeeded; a failure is retried with back-off and pauses the projection after `maxAttempts`.
 *
 * After a crash between a success and the cursor's write the same facts come again: make the effect idempotent
 * by `context.sequenceNumber`.
 *
 * Without a query it decorates a class, whose methods carry `@ApplyFact`: the query follows from them, and each
 * fact of a batch is applied by itself, in order.
 *
 * @throws InvalidOptionsError on anything but an instance method with a text name, or a class where there is no query
 * @publicApi
 */
export function DurableProjection<const T extends FactType>(
  options: DurableProjectionOptions & { query: T | readonly T[] },
): FactHandlerDecorator<FactRecord<T>, ProjectionContext>;
export function DurableProjection<T extends string, Facts>(
  options: DurableProjectionOptions & { query: FactQuery<T, Facts> },
): FactHandlerDecorator<FactRecord<T, Facts>, ProjectionContext>;
export function DurableProjection(
  options: DurableProjectionOptions & { query: EventQuery },
): FactHandlerDecorator<EventRecord, ProjectionContext>;
export function DurableProjection(
  options: DurableProjectionOptions & { query?: undefined },
): ProjectionClassDecorator;
export function DurableProjection(
  options: DurableProjectionOptions & { query?: string | readonly string[] | EventQuery },
): object {
  const { query, ...rest } = options;
  if (query === undefined) return classProjectionDecorator(rest);
  return handlerDecorator({
    kind: 'durable',
    store: rest.store,
    query: toEventQuery(query),
    options: rest,
  });
}
