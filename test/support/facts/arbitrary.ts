import fc from 'fast-check';
import type { EventQuery, NewEvent } from '../../../lib/contract/contract.types.js';
import { jsonValue } from './json.js';

/** Few types, so that contexts overlap; odd ones among them. */
const type = fc.constantFrom('a', 'b', 'größe', '__proto__', ' ');

export const newEvent: fc.Arbitrary<NewEvent> = fc.record({ event_type: type, payload: jsonValue });

/** Queries of every shape about these facts: their payloads or parts of them, and others. */
export function queriesAbout(facts: readonly NewEvent[]): fc.Arbitrary<EventQuery> {
  const payloads = facts.map(({ payload }) => payload);
  const predicate = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...payloads).chain(partOf) },
    { weight: 1, arbitrary: jsonValue },
    { weight: 1, arbitrary: fc.constantFrom<unknown>({}, [], null, { a: {} }, { a: [] }, [{}]) },
  );
  const types = fc.oneof(
    { weight: 2, arbitrary: fc.array(type, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
  );
  const predicates = fc.oneof(
    { weight: 5, arbitrary: fc.array(predicate, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
  );
  const filter = fc.record({ event_types: types, payload_predicates: predicates });
  return fc.record({ filters: fc.array(filter, { maxLength: 3 }) }) as fc.Arbitrary<EventQuery>;
}

/** Something that the value contains: some members, some elements, or all of it. */
export function partOf(value: unknown): fc.Arbitrary<unknown> {
  if (value === null || typeof value !== 'object') return fc.constant(value);
  if (Array.isArray(value)) {
    return fc
      .subarray(value as unknown[])
      .chain((elements) => fc.tuple(...elements.map(partOf)) as fc.Arbitrary<unknown>);
  }
  return fc.subarray(Object.entries(value)).chain((members) =>
    fc
      .tuple(...members.map(([key, member]) => partOf(member).map((part) => [key, part] as const)))
      // Through text: an assignment would take __proto__ for the prototype.
      .map((parts) => {
        const text = parts.map(([key, part]) => `${JSON.stringify(key)}:${JSON.stringify(part)}`);
        return JSON.parse(`{${text.join(',')}}`) as unknown;
      }),
  );
}

/** Facts and queries about them, always the same for a seed. */
export class Material {
  readonly queries: readonly EventQuery[];
  readonly #facts: readonly NewEvent[];
  #state: number;

  constructor(seed: number, queries = 40) {
    this.#state = seed >>> 0;
    this.#facts = fc.sample(newEvent, { numRuns: 60, seed });
    this.queries = fc.sample(queriesAbout(this.#facts), { numRuns: queries, seed });
  }

  /** Some of the facts, with repetition. */
  draw(count: number): NewEvent[] {
    return Array.from({ length: count }, () => this.#facts[this.below(this.#facts.length)]!);
  }

  below(bound: number): number {
    // Any generator does, as long as a seed repeats a run.
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * bound);
  }
}
