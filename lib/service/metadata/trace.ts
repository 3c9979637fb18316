import type {
  EventRecord,
  FactMetadata,
  FactStore,
  MetadataReader,
  StorePromises,
} from '../../contract/contract.types.js';
import { wholeNumber } from '../../contract/numbers.js';
import { prepareVersion } from '../../contract/validation.js';
import { metadataReaderOf } from './cause.js';

/**
 * Options of `trace`.
 *
 * @publicApi
 */
export interface TraceOptions {
  /** How many facts a trace has at most. Default 1,000. */
  limit?: number | undefined;
}

/**
 * A fact, and what is kept of its append.
 *
 * @publicApi
 */
export interface TracedFact {
  readonly fact: EventRecord;
  readonly metadata: FactMetadata | null;
}

/**
 * A fact, and the facts that followed from it.
 *
 * @publicApi
 */
export interface TracedEffect extends TracedFact {
  /** In the order of the log. */
  readonly effects: readonly TracedEffect[];
}

/**
 * What led to a fact, and what followed from it.
 *
 * @publicApi
 */
export interface FactTrace extends TracedEffect {
  /** What led to it: the first cause first, the nearest one last. */
  readonly causes: readonly TracedFact[];
  /** Whether `limit` has left nothing out. */
  readonly complete: boolean;
}

/** As TracedEffect, while it is being made. */
interface Growing extends TracedFact {
  readonly effects: Growing[];
}

/** Follows the causes of a fact up, and its effects down. A cause is before its effect: there is no circle. */
export async function traceOf(
  store: FactStore,
  face: StorePromises,
  sequence: bigint,
  options: TraceOptions = {},
): Promise<FactTrace | null> {
  const limit = wholeNumber('limit', options.limit, 1_000, 1);
  const reader = metadataReaderOf(store);
  const number = prepareVersion(sequence, 'sequence');
  const [root] = number === null ? [] : await factsAt(face, reader, number, 1);
  if (root === undefined) return null;
  let left = limit - 1;
  const causes: TracedFact[] = [];
  let cause = causeOf(root);
  for (; cause !== undefined && left > 0; left--) {
    const [found] = await factsAt(face, reader, cause, 1);
    if (found === undefined) break;
    causes.unshift(found);
    cause = causeOf(found);
  }
  let complete = cause === undefined || left > 0;
  let level = [root];
  while (level.length > 0) {
    const parents = new Map(level.map((one) => [one.fact.sequence_number, one]));
    // One more than there is room for tells whether any is left out.
    const caused = await reader.causedBy([...parents.keys()], left + 1);
    level = [];
    for (const { first_sequence_number, last_sequence_number, causation } of caused) {
      const count = Number(last_sequence_number - first_sequence_number) + 1;
      if (count > left) complete = false;
      if (left === 0) break;
      const effects = await factsAt(face, reader, first_sequence_number, Math.min(count, left));
      left -= effects.length;
      parents.get(causation)!.effects.push(...effects);
      level.push(...effects);
    }
  }
  return { ...root, causes, complete };
}

/** The facts from a number on; none where the log does not have it. */
async function factsAt(
  face: StorePromises,
  reader: MetadataReader,
  first: bigint,
  count: number,
): Promise<Growing[]> {
  if (first < 1n) return [];
  const query = { min_sequence_number: first - 1n };
  const { event_records } = await (face.queryPage?.(query, count) ?? face.query(query));
  const facts = event_records.slice(0, count);
  if (facts[0]?.sequence_number !== first) return [];
  const metadata = await reader.of(facts.map(({ sequence_number }) => sequence_number));
  return facts.map((fact, index) => ({ fact, metadata: metadata[index] ?? null, effects: [] }));
}

/** The fact of this store that a fact's append names as its cause. */
function causeOf({ fact, metadata }: TracedFact): bigint | undefined {
  if (metadata?.causation_id === undefined || metadata.causation_store !== undefined) {
    return undefined;
  }
  const number = BigInt(metadata.causation_id);
  return number < fact.sequence_number ? number : undefined;
}
