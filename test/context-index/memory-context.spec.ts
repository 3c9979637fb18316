import { describe, expect, it } from '@jest/globals';
import { preparePage } from '../../lib/contract/query-page.js';
import type { EventQuery, EventRecord, NewEvent } from '../../lib/contract/contract.types.js';
import type { PreparedFact } from '../../lib/contract/validation.js';
import { MemoryContext } from '../../lib/stores/memory/context.js';
import { MemoryFacts } from '../../lib/stores/memory/facts.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { LogModel } from '../support/index/model.js';
import { prepared } from '../support/index/world.js';

const match: NewEvent = { event_type: 'a', payload: { p: [{ l: 1, r: 1 }] } };
/** Has every leaf of the question, and no such pair. */
const near: NewEvent = { event_type: 'a', payload: { p: [{ l: 1 }, { r: 1 }] } };
const other: NewEvent = { event_type: 'b', payload: { n: 2 } };
const plain: NewEvent = { event_type: 'c', payload: {} };
/** Deeper than leaves are read: a candidate for everything. */
const deep: NewEvent = {
  event_type: 'a',
  payload: { ...(match.payload as object), deep: JSON.parse('['.repeat(200) + ']'.repeat(200)) },
};

const ofPair = { event_types: ['a'], payload_predicates: [{ p: [{ l: 1, r: 1 }] }] };
const contexts: Record<string, EventQuery> = {
  everything: {},
  'a pair': { filters: [ofPair] },
  'a pair of any type': { filters: [{ payload_predicates: ofPair.payload_predicates }] },
  'a type': { filters: [{ event_types: ['b'] }] },
  'types, twice': { filters: [{ event_types: ['b', 'a'] }, { event_types: ['b'] }] },
  'an empty object': { filters: [{ payload_predicates: [{}] }] },
  'an empty object of a type': { filters: [{ event_types: ['c'], payload_predicates: [{}] }] },
  'a type or an empty object': { filters: [{ event_types: ['b'] }, { payload_predicates: [{}] }] },
  'a type or a pair': { filters: [{ event_types: ['b'] }, ofPair] },
  'an empty object or a pair': { filters: [{ payload_predicates: [{ n: {} }] }, ofPair] },
  'nothing that is there': { filters: [{ event_types: ['d'] }, { event_types: [] }] },
};

/** Notes which facts are read. */
class ReadFacts extends MemoryFacts {
  readonly read: number[] = [];

  override record(number: number): EventRecord {
    this.read.push(number);
    return super.record(number);
  }
}

class Memory {
  readonly facts = new ReadFacts();
  readonly context = new MemoryContext(this.facts);
  readonly model = new LogModel();

  append(...events: NewEvent[]): void {
    const facts = events.map(
      (event) => ({ ...event, payload_text: JSON.stringify(event.payload) }) as PreparedFact,
    );
    this.facts.append(facts, '');
    this.context.appended(facts);
    this.model.append(events);
  }

  /** The facts that are read for a version. */
  readFor(query: EventQuery): number[] {
    this.facts.read.length = 0;
    this.context.version(prepared(query));
    return [...this.facts.read];
  }

  /** The facts that are read for rows. */
  readForRows(query: EventQuery, limit: number): number[] {
    this.facts.read.length = 0;
    this.context.records(prepared(query), preparePage(limit));
    return [...this.facts.read];
  }

  expectRight(query: EventQuery): void {
    const numbers = this.model.numbers(query);
    expect(this.context.version(prepared(query))).toBe(numbers.at(-1) ?? 0);
    const { head } = this.model;
    for (const cursor of [null, ...[0, 1, head - 1, head, head + 1].filter((n) => n >= 0)]) {
      const min_sequence_number = cursor === null ? null : BigInt(cursor);
      const asked = prepared({ ...query, min_sequence_number });
      const after = numbers.filter((number) => number > (cursor ?? 0));
      for (const limit of [0, 1, after.length, after.length + 1, Infinity]) {
        const found = this.context
          .records(asked, preparePage(limit))
          .map((record) => record.sequence_number);
        const expected = after.slice(0, limit).join();
        // Nearly always; comparing as Jest does takes longer than the look-up.
        if (found.join() === expected) continue;
        expect({ query, cursor, limit, found: found.join() }).toEqual({ found: expected });
      }
    }
  }
}

describe('The facts of a context in memory', () => {
  it.each(Object.entries(contexts))('are found wherever they lie: %s', (_, query) => {
    const kinds = [match, near, other, plain, deep];
    for (const first of kinds) {
      for (const second of kinds) {
        // The index is built before the first of them, or before a later one.
        for (const built of [0, 1, 3]) {
          const memory = new Memory();
          for (const [n, fact] of [first, second, match].entries()) {
            if (n === built) memory.expectRight(query);
            memory.append(fact);
          }
          memory.expectRight(query);
        }
      }
    }
  });

  it('are candidates by their terms alone', () => {
    const memory = new Memory();
    memory.append(other, match, other, near, other, other, plain);
    expect(memory.readFor(contexts['a pair']!)).toEqual([4, 2]);
    expect(memory.readFor(contexts['a pair of any type']!)).toEqual([4, 2]);
    expect(memory.readFor(contexts['a type']!)).toEqual([6]);
    expect(memory.readFor(contexts['an empty object of a type']!)).toEqual([7]);
    expect(memory.readFor(contexts['an empty object']!)).toEqual([7]);
    expect(memory.readFor(contexts['everything']!)).toEqual([]);
    expect(memory.readFor(contexts['nothing that is there']!)).toEqual([]);
    // What is older than a match that was found is not looked at.
    expect(memory.readFor(contexts['a type or a pair']!)).toEqual([4, 2, 6]);
    memory.append(near);
    expect(memory.readFor({ filters: [{ event_types: ['a'] }, ofPair] })).toEqual([8, 4, 2, 8]);
  });

  it('are no candidates by the terms of the fact before them', () => {
    const memory = new Memory();
    memory.append(
      { event_type: 'a', payload: { n: 1, m: 2 } },
      { event_type: 'a', payload: { n: 3 } },
    );
    expect(memory.readFor({ filters: [{ payload_predicates: [{ m: 2 }] }] })).toEqual([1]);
  });

  it('are walked where a predicate without leaves is of any type', () => {
    const memory = new Memory();
    memory.append(match, other, { event_type: 'd', payload: 5 }, { event_type: 'd', payload: 6 });
    expect(memory.readFor(contexts['an empty object']!)).toEqual([4, 3, 2]);
    expect(memory.readForRows(contexts['an empty object']!, 1)).toEqual([1]);
    expect(memory.readForRows(contexts['an empty object']!, 2)).toEqual([1, 2]);
    // A newer match of the walk leaves nothing to be looked up.
    expect(memory.readFor(contexts['an empty object or a pair']!)).toEqual([4, 3, 2, 1, 1]);
  });

  it('are read as far as a page needs them', () => {
    const memory = new Memory();
    memory.append(match, other, match, near, match);
    expect(memory.readForRows(contexts['a pair']!, 1)).toEqual([1]);
    expect(memory.readForRows(contexts['a pair']!, 2)).toEqual([1, 3]);
    expect(memory.readForRows(contexts['a pair']!, 3)).toEqual([1, 3, 4, 5]);
    expect(memory.readForRows({ ...contexts['a pair'], min_sequence_number: 3n }, 3)).toEqual([
      4, 5,
    ]);
    expect(memory.readForRows(contexts['everything']!, 2)).toEqual([1, 2]);
    // Each once, though several terms lead to it.
    expect(memory.readForRows(contexts['types, twice']!, 9)).toEqual([1, 2, 3, 4, 5]);
  });

  it('are candidates for every predicate only once there are such with too many leaves', () => {
    const memory = new Memory();
    const ofN = { filters: [{ event_types: ['a'], payload_predicates: [{ n: 1 }] }] };
    memory.append(match);
    expect(memory.readFor(ofN)).toEqual([]);
    memory.append(deep, other);
    expect(memory.readFor(ofN)).toEqual([2]);
    expect(memory.readFor({ filters: [{ payload_predicates: [{ n: 1 }] }] })).toEqual([2]);
    expect(memory.readFor(contexts['a pair']!)).toEqual([1, 2]);
  });

  it('are indexed when somebody asks for a context first, and not before', () => {
    const memory = new Memory();
    let payloads = 0;
    const { payload } = MemoryFacts.prototype as unknown as { payload: (n: number) => unknown };
    memory.facts.payload = (number) => {
      payloads++;
      return payload.call(memory.facts, number);
    };
    memory.append(match, other);
    memory.context.version(prepared({}));
    memory.context.records(prepared({}), preparePage(0));
    expect(payloads).toBe(0);
    memory.context.version(prepared({ filters: [{ event_types: ['d'] }] }));
    expect(payloads).toBe(2);
    memory.append(match);
    memory.context.version(prepared({ filters: [{ event_types: ['d'] }] }));
    expect(payloads).toBe(2);
  });

  it('of one store are no other’s', () => {
    const [one, two] = [new FactstrMemoryStore(), new FactstrMemoryStore()];
    const query = contexts['a pair']!;
    one.append([match]);
    expect(one.query(query).current_context_version).toBe(1n);
    expect(two.query(query).current_context_version).toBeNull();
    two.append([other, match]);
    expect(two.appendIf([match], query, 1n).conflict?.actual_context_version).toBe(2n);
    expect(one.appendIf([match], query, 1n).conflict).toBeNull();
    expect(two.query(query).current_context_version).toBe(2n);
  });
});
