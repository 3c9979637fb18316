import { describe, expect, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareFacts, prepareQuery } from '../../lib/contract/validation.js';
import { ContextIndex } from '../../lib/context-index/context-index.js';
import { newestSince } from '../../lib/context-index/newest-since.js';
import { RecentFacts } from '../../lib/context-index/recent-facts.js';
import { Material } from '../support/facts/arbitrary.js';
import { LogModel } from '../support/index/model.js';

/** A process's memory of a log. */
class Memory {
  readonly index = new ContextIndex();
  readonly recent = new RecentFacts();
  readonly model = new LogModel();

  append(facts: NewEvent[]): void {
    this.model.append(facts);
    for (const { event_type, payload, payload_text } of prepareFacts(facts, DEFAULT_LIMITS)) {
      const number = this.index.tail.end + 1;
      this.index.add(number, event_type, payload);
      this.recent.add(number, { event_type, payload }, payload_text.length);
    }
  }

  /** Lets the types of the log be known. */
  learnTypes(types: readonly string[]): void {
    const ofAnyType = prepareQuery({ filters: [{ payload_predicates: [1] }] }, DEFAULT_LIMITS);
    const steps = this.index.sets({
      query: ofAnyType,
      anyType: true,
      sets: () => ({ leaves: [], overflow: [] }),
    });
    steps.next();
    expect(steps.next(types).done).toBe(true);
  }

  since(query: EventQuery, after: number): number | undefined {
    return newestSince(this.index, this.recent, prepareQuery(query, DEFAULT_LIMITS), after);
  }

  /** By the reference matcher: 0 when there is none. */
  expected(query: EventQuery, after: number): number {
    const newest = this.model.numbers(query).at(-1) ?? 0;
    return newest > after ? newest : 0;
  }
}

const ofType: EventQuery = { filters: [{ event_types: ['a'] }] };
const about: EventQuery = { filters: [{ event_types: ['a'], payload_predicates: [{ n: 1 }] }] };
const ofAnyType: EventQuery = { filters: [{ payload_predicates: [{ n: 1 }] }] };

function facts(count: number, n = 0): NewEvent[] {
  return Array.from({ length: count }, () => ({ event_type: 'a', payload: { n } }));
}

describe('The newest match since a number', () => {
  it('is that of the reference matcher, whatever the query', () => {
    let found = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const material = new Material(seed);
      const memory = new Memory();
      memory.append(material.draw(40));
      memory.learnTypes([]);
      for (const query of material.queries) {
        for (const after of [0, 10, 30, 38, 39, 40]) {
          const newest = memory.since(query, after);
          expect({ query, after, newest }).toEqual({
            query,
            after,
            newest: memory.expected(query, after),
          });
          if (newest) found++;
        }
      }
    }
    expect(found).toBeGreaterThan(200);
  });

  it('is known as far back as facts are kept, beyond what segments have', () => {
    const memory = new Memory();
    memory.append([...facts(1, 1), ...facts(1_500)]);
    memory.index.tail.trim(1_100);
    expect(memory.since(about, 0)).toBe(1);
    expect(memory.since(about, 1)).toBe(0);
    memory.append(facts(3_000));
    memory.index.tail.trim(4_000);
    expect(memory.since(about, 1)).toBeUndefined();
    expect(memory.since(about, memory.index.tail.kept)).toBe(0);
  });

  it('is unknown where a fact was too large to be kept', () => {
    const memory = new Memory();
    memory.append(facts(5, 1));
    memory.index.add(6, 'a', undefined);
    memory.recent.restart(6);
    expect(memory.since(about, 5)).toBeUndefined();
    expect(memory.since(about, 6)).toBe(0);
    expect(memory.since({}, 6)).toBe(0);
  });

  it('is not looked for fact by fact over a long way', () => {
    const memory = new Memory();
    memory.append(facts(2_000));
    expect(memory.since(ofType, 1_999)).toBe(2_000);
    expect(memory.since(ofType, 100)).toBeUndefined();
    expect(memory.since(about, 100)).toBe(0);
  });

  it('is unknown for any type while the types of the log are', () => {
    const memory = new Memory();
    memory.append(facts(3, 1));
    expect(memory.since(ofAnyType, 0)).toBeUndefined();
    memory.learnTypes([]);
    expect(memory.since(ofAnyType, 0)).toBe(3);
    memory.append([{ event_type: 'new', payload: { n: 1 } }]);
    expect(memory.since(ofAnyType, 3)).toBe(4);
  });
});
