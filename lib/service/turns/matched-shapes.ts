import type { NewEvent } from '../../contract/contract.types.js';
import { containsJson } from '../../matching/json-containment.js';
import type { TurnKey } from './turn-keys.js';

/** Decisions in a row whose own facts do not match a shape, after which no turns are taken for it. */
const UNMATCHED_DECISIONS = 8;
/** Shapes that are known, at most. */
const MAX_SHAPES = 1_000;
/** Decisions that are alone of which all are learned from, and after them one of so many. */
const FIRST_DECISIONS = 64;
const ONE_OF = 16;

/**
 * Which shapes of alternatives (a type with the members that are asked for) the facts of recent decisions matched.
 * Decisions that share another one, a setting that all of them read for example, do not collide by their own facts.
 */
export class MatchedShapes {
  /** How many decisions in a row have not matched a shape; the shape that was learned longest ago comes first. */
  readonly #unmatched = new Map<string, number>();
  #decisions = 0;

  /** Whether a decision may matter that is alone. */
  wants(): boolean {
    this.#decisions++;
    return this.#decisions <= FIRST_DECISIONS || this.#decisions % ONE_OF === 0;
  }

  /** Whether the facts of recent decisions matched it; an unknown shape counts as one that they matched. */
  areMatched(shape: string): boolean {
    return (this.#unmatched.get(shape) ?? 0) < UNMATCHED_DECISIONS;
  }

  /** A decision on these alternatives has appended facts. */
  learn(keys: readonly TurnKey[], events: readonly NewEvent[]): void {
    const matched = new Map<string, boolean>();
    for (const key of keys) {
      if (matched.get(key.shape) === true) continue;
      matched.set(key.shape, key.shape === '' || events.some((event) => matches(event, key)));
    }
    for (const [shape, isMatched] of matched) {
      const unmatched = isMatched
        ? 0
        : Math.min((this.#unmatched.get(shape) ?? 0) + 1, UNMATCHED_DECISIONS);
      this.#unmatched.delete(shape);
      this.#unmatched.set(shape, unmatched);
    }
    while (this.#unmatched.size > MAX_SHAPES) {
      this.#unmatched.delete(this.#unmatched.keys().next().value!);
    }
  }
}

function matches({ event_type, payload }: NewEvent, { type, predicate }: TurnKey): boolean {
  return (
    (type === null || type === event_type) &&
    (predicate === undefined || containsJson(payload, predicate))
  );
}
