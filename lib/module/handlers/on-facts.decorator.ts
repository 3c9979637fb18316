import type { EventQuery, EventRecord } from '../../contract/contract.types.js';
import type { FactRecord, FactType } from '../../facts/fact-map.js';
import { toEventQuery } from '../../facts/fact-query.js';
import type { FactQuery } from '../../facts/fact-query.js';
import { handlerDecorator } from './handler-metadata.js';
import type { FactHandlerDecorator, LiveContext } from './handler-types.js';

/**
 * Options of `@OnFacts`.
 *
 * @publicApi
 */
export interface OnFactsOptions {
  /** The named store to follow. Default: the one without a name. */
  store?: string | undefined;
}

/**
 * Calls the method with the facts of every batch committed from now on, by whichever process: live, without a
 * cursor. What is committed while the process is down is not delivered; for that see `@DurableProjection`.
 *
 * It runs in **every** process of the application. One batch at a time, in order; a failure is logged and the
 * stream goes on. Runs outside every request, transaction and CLS context. Guards, interceptors, pipes and
 * filters are not applied, and refused at bootstrap.
 *
 * @throws InvalidOptionsError on anything but an instance method with a text name
 * @publicApi
 */
export function OnFacts(options?: OnFactsOptions): FactHandlerDecorator<EventRecord, LiveContext>;
export function OnFacts<const T extends FactType>(
  types: T | readonly T[],
  options?: OnFactsOptions,
): FactHandlerDecorator<FactRecord<T>, LiveContext>;
export function OnFacts<T extends string, Facts>(
  query: FactQuery<T, Facts>,
  options?: OnFactsOptions,
): FactHandlerDecorator<FactRecord<T, Facts>, LiveContext>;
export function OnFacts(
  query: EventQuery,
  options?: OnFactsOptions,
): FactHandlerDecorator<EventRecord, LiveContext>;
export function OnFacts(
  first?: string | readonly string[] | EventQuery | OnFactsOptions,
  second?: OnFactsOptions,
): object {
  const onlyOptions = second === undefined && isOptions(first);
  const query = toEventQuery(onlyOptions ? undefined : (first as EventQuery | undefined));
  const store = (onlyOptions ? first : second)?.store;
  return handlerDecorator({ kind: 'live', store, query });
}

function isOptions(value: unknown): value is OnFactsOptions {
  return typeof value === 'object' && value !== null && 'store' in value && !('filters' in value);
}
