import type { FactRecord, FactType } from '../../facts/fact-map.js';
import { applyFactDecorator } from './handler-metadata.js';
import type { ApplyFactDecorator } from './handler-types.js';

/**
 * Calls the method with each fact of these types, one at a time and awaited, in a class that carries
 * `@DurableProjection({ name })`. The methods make up the projection's query: another type, or a method more, is
 * a changed query. Where facts that a projection has passed tell it from the former one, that is stopped
 * (`DURABLE_STREAM_QUERY_CHANGED`) until it is rebuilt or given a new version or name.
 *
 * Inherited methods count; an overriding method carries the decorator itself. Each type is applied by one method.
 *
 * @throws InvalidOptionsError on anything but an instance method with a text name
 * @publicApi
 */
export function ApplyFact<const T extends FactType>(
  types: T | readonly T[],
): ApplyFactDecorator<FactRecord<T>>;
export function ApplyFact(types: string | readonly string[]): object {
  return applyFactDecorator(typeof types === 'string' ? [types] : types);
}
