import { describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { newestSince } from '../../lib/context-index/newest-since.js';
import { World, ask, expectOfOneMoment, interrupted, prepared } from '../support/index/world.js';
import type { Question } from '../support/index/world.js';

/** Beyond it a log that has grown is not read up any more. */
const CATCH_UP = 4_096;

const match: NewEvent = { event_type: 'a', payload: { n: 1, of: ['x', 'y'] } };
const other: NewEvent = { event_type: 'b', payload: { n: 2 } };
/** Has every leaf that the question about pairs has, and no such pair. */
const near: NewEvent = { event_type: 'a', payload: { p: [{ l: 1 }, { r: 1 }], of: ['x'] } };
const pair: NewEvent = { event_type: 'a', payload: { p: [{ l: 1, r: 1 }] } };
/** Too large to be read: a candidate for everything. */
const large: NewEvent = { event_type: 'a', payload: { n: 1, p: [{ l: 1, r: 1 }], large: true } };

/** How the log lies in segments, holes and the tail. */
const layouts: Record<string, (world: World) => void> = {
  nowhere: () => undefined,
  'in the tail': (world) => world.append(match, near, other, pair, near, other),
  everywhere: (world) => {
    world.append(match, near, pair);
    world.publish();
    world.append(other, match, large);
    world.publish();
    world.append(match, pair, other);
    world.index.tail.trim(9);
    world.append(near, other);
    world.publish();
    world.append(near, other, near);
  },
};

/** What happens while somebody looks. */
const happenings: Record<string, (world: World) => void> = {
  'a fact of the context is appended': (world) => world.append(match),
  'another fact is appended': (world) => world.append(other),
  'facts of every context are appended': (world) => world.append(match, near, pair, large),
  'others commit, and nobody looks': (world) => world.commit(match, pair, large),
  'a fact of a new type is appended': (world) =>
    world.append({ event_type: `new ${world.head}`, payload: match.payload }),
  'the tail is stored': (world) => world.publish(),
  'a fact is appended, and the tail is stored': (world) => {
    world.append(match);
    world.publish();
    world.append(pair);
  },
  'others commit and store, and that is learnt': (world) => {
    world.commit(match, { event_type: `new ${world.head}`, payload: match.payload });
    world.takeOver();
    world.learn();
  },
  'the tail is given up': (world) => world.index.tail.trim(world.index.tail.end),
  'segments are merged away': (world) => world.merge(),
  'segments are merged away, and a fact is appended': (world) => {
    world.merge();
    world.append(pair, match);
  },
  'segments are lost': (world) => world.lose(),
  'segments are lost, and a fact is appended': (world) => {
    world.lose();
    world.append(match, pair);
  },
};

const ofMatch = { event_types: ['a'], payload_predicates: [{ n: 1 }] };
const ofPair = { event_types: ['a'], payload_predicates: [{ p: [{ l: 1, r: 1 }] }] };
const contexts = {
  everything: {},
  'one term': { filters: [ofMatch] },
  'several terms': { filters: [ofPair] },
  'no term': { filters: [{ event_types: ['a', 'b'] }] },
  'a predicate without leaves': { filters: [{ event_types: ['b'], payload_predicates: [{}] }] },
  'any type': { filters: [{ payload_predicates: [{ n: 1 }, { n: 2 }] }] },
  'several filters': { filters: [{ event_types: ['b'] }, ofPair, ofMatch] },
  'nothing at all': { filters: [{ event_types: ['a'], payload_predicates: [{ n: 3 }] }] },
};
const questions = Object.entries(contexts).map(([name, query]): [string, Question[]] => [
  name,
  [
    { query },
    ...[1, Infinity].map((limit) => ({ query, limit })),
    { query: { ...query, min_sequence_number: 5n }, limit: 2 },
    { query: { ...query, min_sequence_number: 6n }, limit: Infinity },
  ],
]);

/**
 * Asks at every moment of the look-up at which something can happen, each time in a new world.
 *
 * @returns at how many
 */
function askAtEveryMoment(
  lay: (world: World) => void,
  question: Question,
  happen: (world: World) => void,
): number {
  for (let moment = 0; ; moment++) {
    const world = new World();
    lay(world);
    const before = world.index.tail.end;
    const read = interrupted(world, ask(world, question), moment, () => happen(world));
    if (read === undefined) return moment;
    // All that was known when it was asked, and nothing that was not known when it ended.
    const isOfThen = before <= read.head && read.head <= world.index.tail.end;
    const query = prepared(question.query);
    const known = world.numbers(query, 0, world.index.tail.end).at(-1) ?? 0;
    const upToNow = broughtUp(world, question, read) ?? known;
    world.learn();
    const later = world.version(question.query);
    const newest = world.numbers(query).at(-1) ?? 0;
    expect({ isOfThen, upToNow, later }).toEqual({ isOfThen: true, upToNow: known, later: newest });
    expectOfOneMoment(world, question, read);
  }
}

/** What was read is what an append goes by later: with all that came since. `undefined` where that is not known. */
function broughtUp(
  world: World,
  { query }: Question,
  { version, head }: { version: number; head: number },
): number | undefined {
  const since = newestSince(world.index, world.recent, prepared(query), head);
  return since === undefined ? undefined : since || version;
}

describe('A look-up during which something happens', () => {
  describe.each(Object.entries(layouts))('in a log that lies %s', (_, lay) => {
    it.each(questions)('answers as of one moment, asked for %s', (_, asked) => {
      for (const happen of Object.values(happenings)) {
        for (const question of asked) askAtEveryMoment(lay, question, happen);
      }
    });
  });

  it('has moments at which it can happen', () => {
    const moments = Object.values(layouts).map((lay) =>
      askAtEveryMoment(lay, { query: contexts['several terms'], limit: 1 }, () => undefined),
    );
    expect(moments).toEqual([0, 8, 18]);
  });

  it('answers as of one moment while the log grows too far to be read up', () => {
    const far = Array.from({ length: CATCH_UP + 1 }, () => other);
    const leap = (world: World): void => {
      world.commit(...far, match);
      world.learn();
      expect(world.index.tail.start).toBe(world.head);
    };
    for (const query of [contexts['any type'], contexts['several filters']]) {
      for (const limit of [undefined, 2]) {
        const question = { query, ...(limit && { limit }) };
        expect(askAtEveryMoment(layouts['everywhere']!, question, leap)).toBeGreaterThan(3);
      }
    }
  });

  it('of any type sees types that came while it asked for those that there are', () => {
    const anyType = contexts['any type'];
    const fact = (event_type: string): NewEvent => ({ event_type, payload: { n: 1 } });
    const far = Array.from({ length: CATCH_UP + 1 }, () => fact('later'));
    // Between the storage's answer and what is made of it: the answer lacks the type, and is not to be remembered.
    const ways: ((world: World) => void)[] = [
      (world) => world.append(fact('later')),
      (world) => {
        world.commit(fact('later'));
        world.takeOver();
        world.learn();
      },
      (world) => {
        world.commit(...far);
        world.learn();
        world.takeOver();
      },
    ];
    for (const happen of ways) {
      for (const moment of [0, 1]) {
        const world = new World();
        world.append(fact('a'));
        interrupted(world, ask(world, { query: anyType }), moment, () => happen(world));
        expect(world.needs[0]!.kind).toBe('types');
        expect(world.version(anyType)).toBe(world.head);
        world.append(fact('still later'));
        expect(world.version(anyType)).toBe(world.head);
      }
    }
  });
});
