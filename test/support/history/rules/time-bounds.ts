import type { RecordedCall } from '../history.types.js';
import type { Placed, PlacedAppend } from '../placed-appends.js';

interface Step {
  readonly time: number;
  readonly length: number;
}

interface Seen {
  readonly call: RecordedCall;
  readonly length: number;
}

/** How long the log can have been for a call that saw it, by what ended before it and what began after it. */
export class TimeBounds {
  /** Appends by their acknowledgement; the lengths are running maxima. */
  readonly #acknowledged: readonly Step[];
  /** Of them those that were acknowledged through a view, by its name. */
  readonly #acknowledgedBy = new Map<string, readonly Step[]>();
  /** Appends by their first start, latest first; the lengths are running minima. */
  readonly #begun: readonly Step[];
  /** The calls that saw the log, in the order of their ends, and at which length each did. */
  readonly #reads: readonly RecordedCall[];
  readonly #seen = new Map<RecordedCall, number>();
  #passed = 0;
  /** What was seen at all, and through each view. */
  readonly #longest = new Map<string | undefined, Seen>();

  constructor({ appends }: Placed, reads: readonly RecordedCall[]) {
    this.#reads = reads.toSorted((a, b) => endOf(a) - endOf(b));
    const placed = appends.filter(({ places }) => places.length > 0);
    this.#acknowledged = running(
      placed
        .filter(({ latest }) => latest < Infinity)
        .map(({ latest, places, events }) => ({
          time: latest,
          length: places[0]! + events.length - 1,
        }))
        .sort((a, b) => a.time - b.time),
      Math.max,
    );
    for (const [view, steps] of acknowledgedThroughViews(placed)) {
      const ascending = steps.sort((a, b) => a.time - b.time);
      this.#acknowledgedBy.set(view, running(ascending, Math.max));
    }
    this.#begun = running(
      placed
        .map(({ earliest, places }) => ({ time: earliest, length: places[0]! - 1 }))
        .sort((a, b) => b.time - a.time),
      Math.min,
    );
  }

  /** To be called in the order of the calls' starts. */
  of(call: RecordedCall): {
    atLeast: number;
    atMost: number;
    seenBefore: RecordedCall | undefined;
  } {
    const { start, view } = call;
    // Who ended before this start also started before it: it is known what they saw.
    for (
      let read = this.#reads[this.#passed];
      read !== undefined && endOf(read) < start;
      read = this.#reads[++this.#passed]
    ) {
      const length = this.#seen.get(read) ?? 0;
      for (const by of new Set([undefined, read.view])) {
        if (length > (this.#longest.get(by)?.length ?? 0))
          this.#longest.set(by, { call: read, length });
      }
    }
    const steps = view === undefined ? this.#acknowledged : (this.#acknowledgedBy.get(view) ?? []);
    const acknowledged = lastWhere(steps, (step) => step.time < start)?.length ?? 0;
    const longest = this.#longest.get(view);
    const seen = longest?.length ?? 0;
    return {
      atLeast: Math.max(acknowledged, seen),
      atMost: lastWhere(this.#begun, (step) => step.time > endOf(call))?.length ?? Infinity,
      seenBefore: seen > acknowledged ? longest?.call : undefined,
    };
  }

  /** A call saw the log when it was at least this long. */
  saw(call: RecordedCall, length: number): void {
    this.#seen.set(call, length);
  }
}

function acknowledgedThroughViews(placed: readonly PlacedAppend[]): Map<string, Step[]> {
  const through = new Map<string, Step[]>();
  for (const { calls, places, events } of placed) {
    for (const { view, end, outcome } of calls) {
      if (view === undefined || outcome?.kind !== 'committed') continue;
      const step = { time: end ?? Infinity, length: places[0]! + events.length - 1 };
      const others = through.get(view);
      if (others === undefined) through.set(view, [step]);
      else others.push(step);
    }
  }
  return through;
}

function endOf({ end }: RecordedCall): number {
  return end ?? Infinity;
}

function running(steps: Step[], pick: (a: number, b: number) => number): Step[] {
  let length: number | undefined;
  return steps.map((step) => {
    length = length === undefined ? step.length : pick(length, step.length);
    return { time: step.time, length };
  });
}

/** The last step that satisfies a condition which, once false, stays false. */
function lastWhere(steps: readonly Step[], holds: (step: Step) => boolean): Step | undefined {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(steps[middle]!)) low = middle + 1;
    else high = middle;
  }
  return steps[low - 1];
}
