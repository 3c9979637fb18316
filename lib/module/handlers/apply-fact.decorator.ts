import type { EventFilter } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import type { FactRecord, FactType } from '../../facts/fact-map.js';
import type { FactFilter } from '../../facts/fact-query.js';
import { messages } from '../messages.js';
import { applyFactDecorator } from './handler-metadata.js';
import type { ApplyFactDecorator } from './handler-types.js';

/**
 * Calls the method with each fact of these types, one at a time and awaited, in a class that carries
 * `@DurableProjection({ name })`. The methods make up the projection's query: another type, or a method more, is
 * a changed query. Where facts that a projection has passed tell it from the former one, that is stopped
 * (`DURABLE_STREAM_QUERY_CHANGED`) until it is rebuilt or given a new version or name.
 *
 * A named store's own facts are named by its `facts`: `@ApplyFact(billingFacts.facts('bill-sent'))`.
 *
 * Inherited methods count; an overriding method carries the decorator itself. Each type is applied by one method.
 *
 * @throws InvalidOptionsError on anything but an instance method with a text name, and for facts that are narrowed by
 * a part of their payload
 * @publicApi
 */
export function ApplyFact<const T extends FactType>(
  types: T | readonly T[],
): ApplyFactDecorator<FactRecord<T>>;
export function ApplyFact<T extends string, Facts>(
  facts: FactFilter<T, Facts>,
): ApplyFactDecorator<FactRecord<T, Facts>>;
export function ApplyFact(types: string | readonly string[] | EventFilter): object {
  return applyFactDecorator(typesOf(types));
}

function typesOf(given: string | readonly string[] | EventFilter): readonly string[] {
  if (typeof given === 'string') return [given];
  if (Array.isArray(given)) return given as readonly string[];
  const { event_types, payload_predicates } = given as EventFilter;
  if (event_types == null || payload_predicates != null) {
    throw new InvalidOptionsError(messages.appliesTypesOnly);
  }
  return event_types;
}
