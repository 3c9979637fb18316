import type { BatchRow, LoggedFact, Violation } from '../history.types.js';
import type { Placed, PlacedAppend } from '../placed-appends.js';
import { mayHaveCommitted } from '../placed-appends.js';
import { count, nameOf, rangeText } from '../words.js';

/** The committed sequence numbers are exactly 1..N, in order. */
export function* numbersAreDense(log: readonly LoggedFact[]): Generator<Violation> {
  for (const [index, { sequence_number }] of log.entries()) {
    if (sequence_number === index + 1) continue;
    yield {
      rule: 'numbers are dense',
      explanation: `The log's fact at place ${index + 1} has the number ${sequence_number}.`,
    };
    return;
  }
}

/** Every fact was appended by a recorded call. */
export function* nobodyElseWrites({ unknown }: Placed): Generator<Violation> {
  for (const { sequence_number, event_type } of unknown) {
    yield {
      rule: 'nobody else writes',
      explanation: `Fact ${sequence_number} (${JSON.stringify(event_type)}) is none that a recorded call brought: it was changed, or comes from elsewhere.`,
    };
  }
}

/** What was acknowledged is there, unchanged, at the claimed numbers. */
export function* acknowledgedFactsAreThere({ appends }: Placed): Generator<Violation> {
  for (const append of appends) {
    for (const call of append.calls) {
      const { outcome } = call;
      if (outcome?.kind !== 'committed') continue;
      const { first, last, count: facts } = outcome;
      const size = append.events.length;
      const rule = 'acknowledged facts are there';
      if (facts !== size || last - first + 1 !== size) {
        const claim = `${rangeText(first, last)} (${count(facts, 'fact')})`;
        yield { rule, explanation: `${nameOf(call)} was acknowledged as ${claim}.` };
      } else if (!append.places.includes(first)) {
        yield {
          rule,
          explanation: `${nameOf(call)} was acknowledged as ${rangeText(first, last)}, but its facts ${whereText(append)}.`,
        };
      }
    }
  }
}

/** An append is in the log wholly or not at all, at most once, and not at all when every call failed. */
export function* appendsAreWholeOrAbsent({ appends }: Placed): Generator<Violation> {
  for (const append of appends) {
    const { calls, places, strays, events } = append;
    const name = nameOf(calls[0]!);
    if (strays.length > 0) {
      const which = strays.join(', ');
      yield {
        rule: 'appends are whole',
        explanation: `${name} is in the log in part or torn apart: of its ${count(events.length, 'fact')} the log has ${which} outside a whole copy.`,
      };
    }
    if (places.length > 1) {
      yield {
        rule: 'appends happen once',
        explanation: `${name} is in the log ${places.length} times, from ${places.join(', ')}.`,
      };
    }
    if (places.length + strays.length > 0 && !calls.some(mayHaveCommitted)) {
      yield {
        rule: 'failed appends leave nothing',
        explanation: `${name} was answered with ${calls.map(answerText).join(', ')}, but its facts ${whereText(append)}.`,
      };
    }
  }
}

/** `append_batches` has a row for each append of several facts, and no others but for single facts. */
export function* batchesAreWhole(
  rows: readonly BatchRow[] | undefined,
  { appends }: Placed,
): Generator<Violation> {
  if (rows === undefined) return;
  const unmet = new Set(rows.map(String));
  for (const { calls, places, events } of appends) {
    for (const first of places) {
      const row: BatchRow = [first, first + events.length - 1];
      if (unmet.delete(String(row)) || events.length === 1) continue;
      yield {
        rule: 'batches are whole',
        explanation: `${nameOf(calls[0]!)} is in the log as ${rangeText(...row)}, but append_batches has no such row.`,
      };
    }
  }
  for (const row of unmet) {
    yield {
      rule: 'batches are whole',
      explanation: `append_batches has the row ${row.replace(',', ' to ')}, which is no append's range.`,
    };
  }
}

function answerText({ outcome }: PlacedAppend['calls'][number]): string {
  return outcome?.kind === 'refused' ? outcome.code : `a ${outcome?.kind ?? 'silence'}`;
}

function whereText({ places, strays, events }: PlacedAppend): string {
  if (places.length > 0) {
    return `are in the log as ${places.map((first) => rangeText(first, first + events.length - 1)).join(' and ')}`;
  }
  return strays.length > 0 ? `are there in part (${strays.join(', ')})` : 'are not in the log';
}
