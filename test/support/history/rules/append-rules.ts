import type { Contexts } from '../contexts.js';
import type { RecordedCall, Violation } from '../history.types.js';
import { mayHaveCommitted } from '../placed-appends.js';
import type { Placed, PlacedAppend } from '../placed-appends.js';
import { nameOf, rangeText, versionText } from '../words.js';

/** An append that ended before another one began has the smaller numbers. */
export function* realTimeOrder({ appends }: Placed): Generator<Violation> {
  const placed = appends
    .filter(({ places }) => places.length > 0)
    .sort((a, b) => a.places[0]! - b.places[0]!);
  let latestStart: PlacedAppend | undefined;
  for (const append of placed) {
    if (latestStart !== undefined && append.latest < latestStart.earliest) {
      yield {
        rule: 'real-time order',
        explanation: `${nameOf(append.calls[0]!)} was acknowledged before another began, yet comes after it in the log: ${append.places[0]} against ${latestStart.places[0]}. The other: ${nameOf(latestStart.calls[0]!)}.`,
      };
    }
    if (latestStart === undefined || append.earliest > latestStart.earliest) latestStart = append;
  }
}

/**
 * Appends of one store object commit in call order. Those with an id are left out: a service may have repeated
 * them.
 */
export function* callOrder(calls: readonly RecordedCall[]): Generator<Violation> {
  const newest = new Map<string, RecordedCall & { first: number }>();
  for (const call of calls.toSorted((a, b) => a.start - b.start)) {
    const { client, outcome } = call;
    if (outcome?.kind !== 'committed') continue;
    if (call.call.kind === 'query' || call.call.appendId !== undefined) continue;
    const before = newest.get(client);
    if (before !== undefined && before.first > outcome.first) {
      yield {
        rule: 'call order',
        explanation: `${nameOf(call)} was called after another of the same client, but was given ${outcome.first}, the other ${before.first}. The other: ${nameOf(before)}.`,
      };
    }
    newest.set(client, { ...call, first: outcome.first });
  }
}

/** At its place in the log, the newest match of a committed `appendIf` before it is the expected version. */
export function* conditionsHeld({ appends }: Placed, contexts: Contexts): Generator<Violation> {
  for (const { calls, places, latest } of appends) {
    const first = places[0];
    if (first === undefined) continue;
    const candidates = calls.filter((call) => mayHaveCommitted(call) && call.start <= latest);
    const misses: string[] = [];
    const held = candidates.some(({ call }) => {
      if (call.kind !== 'appendIf') return true;
      const newest = contexts.version(call.query, first - 1);
      misses.push(`expected ${versionText(call.expected)}, newest ${versionText(newest)}`);
      return newest === call.expected;
    });
    if (held || candidates.length === 0) continue;
    yield {
      rule: 'a condition held',
      explanation: `${nameOf(candidates[0]!)} committed at ${first}, where its condition did not hold: ${misses.join('; ')}.`,
    };
  }
}

/** An id belongs to at most one range. */
export function* idsHaveOneRange({ appends }: Placed): Generator<Violation> {
  for (const [id, named] of byId(appends)) {
    const ranges = named.flatMap(({ places, events }) =>
      places.map((first) => rangeText(first, first + events.length - 1)),
    );
    if (ranges.length < 2) continue;
    yield {
      rule: 'an id has one range',
      explanation: `The append id ${JSON.stringify(id)} was committed ${ranges.length} times: ${ranges.join(' and ')}.`,
    };
  }
}

/** An id is refused as reused only where it was committed with other facts, possibly before. */
export function* reusedIdsWereUsed({ appends }: Placed): Generator<Violation> {
  const named = byId(appends);
  for (const append of appends) {
    for (const call of append.calls) {
      if (call.outcome?.kind !== 'refused' || call.outcome.code !== 'APPEND_ID_REUSED') continue;
      const used = named.get(append.appendId ?? '')?.some((other) => {
        const started = other.earliest <= (call.end ?? Infinity);
        return other !== append && other.places.length > 0 && started;
      });
      if (used === true) continue;
      yield {
        rule: 'a reused id was used',
        explanation: `${nameOf(call)} was refused as reused, but the log has no other append of that id which could have come before.`,
      };
    }
  }
}

export function byId(appends: readonly PlacedAppend[]): Map<string, PlacedAppend[]> {
  const named = new Map<string, PlacedAppend[]>();
  for (const append of appends) {
    if (append.appendId === undefined) continue;
    const others = named.get(append.appendId);
    if (others === undefined) named.set(append.appendId, [append]);
    else others.push(append);
  }
  return named;
}
