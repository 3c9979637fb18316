import type { EventQuery, EventRecord } from '../contract/contract.types.js';
import { ModelFailedError } from '../contract/errors.js';
import type { BoundModel } from './decision-model.js';
import type { RoutedFact } from './fold.js';
import type { ModelHandler } from './model.js';

/** A part of a model's context. A fact in it goes to the only handler, or to the one for its type. */
export interface ModelPart {
  readonly query: EventQuery;
  readonly handlers: readonly ModelHandler[];
}

/**
 * A model's context in parts, so that it need not be told again which handlers a fact goes to: predicates are on what
 * is stored, and readers may see another payload and type. Handlers without a type in common share a part.
 */
export function partsOf(model: BoundModel<unknown>): readonly ModelPart[] {
  const { handlers } = model;
  if (haveTypesInCommon(handlers)) {
    return handlers.map((handler) => ({
      query: { filters: [handler.filter] },
      handlers: [handler],
    }));
  }
  return [{ query: { filters: handlers.map(({ filter }) => filter) }, handlers }];
}

/**
 * The facts of a model's parts, oldest first, each once, with the handlers that get it.
 *
 * @throws ModelFailedError
 */
export function routed(
  model: BoundModel<unknown>,
  parts: readonly ModelPart[],
  rows: readonly (readonly EventRecord[])[],
): readonly RoutedFact[] {
  const facts = parts.map((part, index) =>
    rows[index]!.map((fact) => ({ fact, handlers: handlersOf(model, part, fact) })),
  );
  return facts.length === 1 ? facts[0]! : merged(facts);
}

function haveTypesInCommon(handlers: readonly ModelHandler[]): boolean {
  if (handlers.length === 1) return false;
  const seen = new Set<string>();
  for (const { filter } of handlers) {
    if (filter.event_types === null || filter.event_types === undefined) return true;
    // One handler may name a type twice.
    const types = new Set(filter.event_types);
    for (const type of types) {
      if (seen.has(type)) return true;
      seen.add(type);
    }
  }
  return false;
}

function handlersOf(
  { name }: BoundModel<unknown>,
  { handlers }: ModelPart,
  { event_type, sequence_number }: EventRecord,
): readonly ModelHandler[] {
  if (handlers.length === 1) return handlers;
  const handler = handlers.find(({ filter }) => filter.event_types!.includes(event_type));
  if (handler !== undefined) return [handler];
  throw new ModelFailedError(
    `The model ${JSON.stringify(name)} finds the fact ${sequence_number}, which is read as ${JSON.stringify(event_type)}: none of its reducers is for that type. Name the type that readers get. Nothing was decided.`,
  );
}

function merged(parts: readonly (readonly RoutedFact[])[]): RoutedFact[] {
  const facts = new Map<bigint, RoutedFact>();
  for (const part of parts) {
    for (const { fact, handlers } of part) {
      const before = facts.get(fact.sequence_number);
      facts.set(
        fact.sequence_number,
        before === undefined
          ? { fact, handlers }
          : { fact: before.fact, handlers: [...before.handlers, ...handlers] },
      );
    }
  }
  return [...facts.values()].sort((a, b) =>
    a.fact.sequence_number < b.fact.sequence_number ? -1 : 1,
  );
}
