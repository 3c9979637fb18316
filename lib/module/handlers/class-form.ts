import type { EventQuery, EventRecord } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import { FactFailure, STOPPING } from '../../projections/delivery/call-handler.js';
import type { DurableProjectionOptions } from './durable-projection.options.js';
import type { FactHandler, React } from './fact-handler.js';
import type { Invoke } from './handler-call.js';
import { messages } from '../messages.js';

/** A method that carries `@ApplyFact`. */
export interface ApplyMethod {
  readonly key: string;
  readonly types: readonly string[];
}

/**
 * The projections of a class that carries `@DurableProjection`, made of its `@ApplyFact` methods.
 *
 * @throws InvalidOptionsError for such methods outside such a class, and for such a class without them
 */
export function classFormHandlers(
  projections: readonly DurableProjectionOptions[],
  label: string,
  methods: readonly ApplyMethod[],
  holder: object,
): Omit<FactHandler, 'place' | 'identity'>[] {
  const [first] = methods;
  if (projections.length === 0) {
    if (first === undefined) return [];
    throw new InvalidOptionsError(messages.applyOutside(`${label}.${first.key}`, label));
  }
  if (first === undefined) throw new InvalidOptionsError(messages.nothingApplied(label));
  const methodOf = methodsByType(label, methods);
  const query: EventQuery = { filters: [{ event_types: [...methodOf.keys()].sort() }] };
  return projections.map((options) => ({
    metadata: { kind: 'durable', store: options.store, query, options },
    label,
    holder,
    call: (facts, context, invoke, react) =>
      applyFacts(holder, label, methodOf, facts, context, invoke, react),
  }));
}

function methodsByType(label: string, methods: readonly ApplyMethod[]): Map<string, string> {
  const methodOf = new Map<string, string>();
  for (const { key, types } of methods) {
    if (types.length === 0 || types.some((type) => typeof type !== 'string' || type === '')) {
      throw new InvalidOptionsError(messages.applyWithoutType(`${label}.${key}`));
    }
    for (const type of types) {
      const other = methodOf.get(type);
      if (other !== undefined && other !== key) {
        throw new InvalidOptionsError(messages.appliedTwice(label, type, [other, key]));
      }
      methodOf.set(type, key);
    }
  }
  return methodOf;
}

async function applyFacts<C extends { readonly signal: AbortSignal }>(
  holder: object,
  label: string,
  methodOf: ReadonlyMap<string, string>,
  facts: readonly EventRecord[],
  context: C,
  invoke: Invoke<C>,
  react: React | undefined,
): Promise<void> {
  const instance = holder as Record<string, (fact: EventRecord, context: C) => unknown>;
  const { signal } = context;
  for (const fact of facts) {
    const key = methodOf.get(fact.event_type)!;
    const reaction = react?.(fact, `${label}.${key}`, signal);
    const own = { ...context, sequenceNumber: fact.sequence_number, ...reaction?.members };
    try {
      const method = (): unknown => instance[key]!(fact, own);
      if ((await invoke(`${label}.${key}`, [fact], own, method)) === false) {
        throw new Error('the handler returned false');
      }
      // At a stop the call may finish; after a deadline or a takeover its remaining facts would be in vain.
      if (signal.aborted && signal.reason !== STOPPING) throw signal.reason;
    } catch (error) {
      throw new FactFailure(fact, error);
    } finally {
      reaction?.end();
    }
  }
}
