import { toCloudEvent } from '../../../lib/relay/cloud-event.js';
import type { RelayedFact } from '../../../lib/relay/relay-target.js';

export const SOURCE = 'https://shop.example/facts';

export interface FactSettings {
  /** The first number. Default 1. */
  readonly from?: number;
  /** Between two numbers; a relay leaves facts out. Default 1. */
  readonly step?: number;
  readonly payload?: (n: number) => Record<string, unknown>;
  readonly type?: (n: number) => string;
}

/** Facts as a relay hands them to its target. */
export function relayedFacts(count: number, settings: FactSettings = {}): RelayedFact[] {
  const { from = 1, step = 1 } = settings;
  return Array.from({ length: count }, (_, place) => {
    const n = from + place * step;
    const fact = {
      sequence_number: BigInt(n),
      event_type: settings.type?.(n) ?? 'order-placed',
      occurred_at: new Date(1_700_000_000_000 + n).toISOString(),
      payload: settings.payload?.(n) ?? { order: n % 10, n },
    };
    const origin = { source: SOURCE, batchEnd: fact.sequence_number, metadata: null };
    return { fact, event: toCloudEvent(fact, origin) };
  });
}

/** The ids that `facts` have, in their order. */
export function idsOf(facts: readonly RelayedFact[]): string[] {
  return facts.map(({ event }) => event.id);
}

/** A signal that never aborts. */
export const always = (): AbortSignal => new AbortController().signal;
