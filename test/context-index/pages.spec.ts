import { describe, expect, it } from '@jest/globals';
import type { EventRecord } from '../../lib/contract/contract.types.js';
import { rowsOfPage } from '../../lib/contract/query-page.js';
import type { PreparedPage } from '../../lib/contract/query-page.js';
import { readContext } from '../../lib/context-index/context.js';
import { Material } from '../support/facts/arbitrary.js';
import { World, prepared } from '../support/index/world.js';

/** A log of segments, holes and a tail, as a seed says. */
function worldOf(material: Material): World {
  const world = new World();
  for (let step = 0; step < 9; step++) {
    const facts = material.draw(1 + material.below(step === 4 ? 4_500 : 300));
    world.commit(...facts);
    // Many facts of others become a hole.
    if (material.below(3) > 0) world.learn();
    if (material.below(3) === 0) world.publish();
    if (material.below(5) === 0) world.takeOver();
  }
  world.learn();
  return world;
}

function checkPages(seed: number): void {
  const material = new Material(seed, 14);
  const world = worldOf(material);
  const { head } = world;
  for (const filters of material.queries) {
    for (let round = 0; round < 12; round++) {
      const cursor = material.below(3) === 0 ? null : BigInt(material.below(head + 3));
      const page: PreparedPage = {
        limit: [0, 1, 2, 7, 600, Infinity][material.below(6)]!,
        descending: material.below(3) > 0,
        upTo: material.below(2) === 0 ? null : BigInt(material.below(head + 3)),
      };
      const query = prepared({ ...filters, min_sequence_number: cursor });
      const found = world.run(readContext<EventRecord>(world.index, query, page));
      const numbers = world.numbers(query, Number(cursor ?? 0n));
      const rows = numbers.map((number) => ({ sequence_number: BigInt(number) }) as EventRecord);
      const text = (records: readonly EventRecord[]): string =>
        records.map(({ sequence_number }) => sequence_number).join();
      const answer = { rows: text(found.records), version: found.version, head: found.head };
      const expected = {
        rows: text(rowsOfPage(rows, page)),
        version: world.numbers(query).at(-1) ?? 0,
        head,
      };
      if (answer.rows === expected.rows && answer.version === expected.version) continue;
      expect({ seed, filters, cursor, page, ...answer }).toEqual({
        seed,
        filters,
        cursor,
        page,
        ...expected,
      });
    }
  }
}

describe('A page of a context', () => {
  it.each(Array.from({ length: 12 }, (_, n) => 900 + n))(
    'is what is left of all its facts (seed %i)',
    checkPages,
  );

  it('of the newest facts is read from the newest segments only', () => {
    const world = new World();
    for (let segment = 0; segment < 6; segment++) {
      world.append(
        ...Array.from({ length: 300 }, (_, n) => ({
          event_type: 'a',
          payload: n % 10 === 0 ? { of: 'course' } : { n },
        })),
      );
      world.publish();
    }
    world.index.cache.clear();
    world.needs.length = 0;
    const query = prepared({
      filters: [{ event_types: ['a'], payload_predicates: [{ of: 'course' }] }],
    });
    const page = { limit: 5, descending: true, upTo: null };
    const { records, version } = world.run(readContext<EventRecord>(world.index, query, page));
    expect(records.map(({ sequence_number }) => Number(sequence_number))).toEqual([
      1_791, 1_781, 1_771, 1_761, 1_751,
    ]);
    expect(version).toBe(1_791);
    const facts = world.needs.flatMap((need) => (need.kind === 'facts' ? need.numbers : []));
    expect(Math.min(...facts)).toBeGreaterThan(1_600);
    const segments = world.needs.flatMap((need) =>
      need.kind === 'chunks' ? [need.segment.id] : [],
    );
    expect(new Set(segments).size).toBe(1);
  });
});
