import { beforeEach, describe, expect, it } from '@jest/globals';
import { ContextIndex } from '../../lib/context-index/context-index.js';
import { encodeSegment } from '../../lib/context-index/segments/segment-codec.js';
import { segmentOf } from '../../lib/context-index/segments/segment.js';
import type { Segment } from '../../lib/context-index/segments/segment.js';
import type { ReadySchema } from '../../lib/stores/postgres/schema/ready-schema.js';
import type { PgRow, PgStatement } from '../../lib/stores/postgres/connection/driver.js';
import { loadSegments } from '../../lib/stores/postgres/index/segments.js';
import { draftOf } from './support/segments.js';

type Run = ReadySchema['run'];

const END = 30;

/** As Postgres hands out a row. */
function rowOf(segment: Segment): PgRow {
  const { id, first, last, entries, overflows, lastFact, checksum, ...bytes } =
    encodeSegment(segment);
  const hex = (part: Uint8Array): string => Buffer.from(part).toString('hex');
  return [
    id,
    first,
    last,
    entries,
    overflows ? 't' : 'f',
    lastFact,
    hex(bytes.fences),
    hex(bytes.bloom),
    checksum,
  ].map(String);
}

/** What the database holds, and what was asked of it. */
class Stored {
  readonly rows = new Map<number, PgRow>();
  readonly facts = new Map<number, string>();
  readonly asked: string[] = [];

  add(id: number, first: number, last: number, lastFact = `fact ${last}`): Segment {
    const facts = Array.from({ length: last - first + 1 }, (_, n) => [n, 7]);
    const segment = segmentOf(draftOf(first, facts, id % 2 === 0), id, lastFact);
    this.rows.set(id, rowOf(segment));
    this.facts.set(last, `fact ${last}`);
    return segment;
  }

  readonly run: Run = (_, { name, values = [] }: PgStatement) => {
    this.asked.push(`${name} ${values.join()}`.trim());
    const all = [...this.rows.keys()];
    if (name === 'segment-ids') return Promise.resolve(all.map((id) => [String(id)]));
    if (name === 'segments') {
      const ids = String(values[0]).slice(1, -1).split(',').map(Number);
      return Promise.resolve(ids.flatMap((id) => (this.rows.has(id) ? [this.rows.get(id)!] : [])));
    }
    const fact = this.facts.get(Number(values[0]));
    return Promise.resolve(fact === undefined ? [] : [[fact]]);
  };
}

describe('The segments that a Postgres store takes over', () => {
  let stored: Stored;
  let memory: ContextIndex;
  beforeEach(() => {
    stored = new Stored();
    memory = new ContextIndex();
    memory.tail.restart(END);
  });

  async function load(newestId: number | null): Promise<{ used: number[]; useless: number[] }> {
    await loadSegments({ run: stored.run, schema: '"public"' }, memory, newestId);
    return { used: memory.segments.segments.map(({ id }) => id), useless: [...memory.useless] };
  }

  it('are those up to the end of what it knows, as they were stored', async () => {
    const segments = [stored.add(9, 21, END), stored.add(8, 1, 20)];
    expect(await load(9)).toEqual({ used: [8, 9], useless: [] });
    expect(memory.segments.segments).toEqual(segments.toReversed());
    expect(stored.asked).toEqual(['segment-ids', 'segments {9,8}', `fingerprint ${END}`]);
  });

  it('are none where there are none, without a question', async () => {
    stored.add(8, 1, 20);
    await load(8);
    stored.asked.length = 0;
    expect(await load(null)).toEqual({ used: [], useless: [] });
    expect(stored.asked).toEqual([]);
    stored.rows.clear();
    expect(await load(8)).toEqual({ used: [], useless: [] });
    expect(stored.asked).toEqual(['segment-ids']);
  });

  it.each([
    ['of a log that was longer', 9, 9, [9]],
    ['of others who have appended since', 10, 9, []],
  ])('are not those beyond its end: %s', async (_, id, newestId, useless) => {
    stored.add(5, 1, 20);
    stored.add(id, 21, END + 1);
    expect(await load(newestId)).toEqual({ used: [5], useless });
  });

  it('are read once', async () => {
    stored.add(5, 1, 10);
    await load(5);
    const [first] = memory.segments.segments;
    stored.add(6, 11, 20);
    stored.asked.length = 0;
    expect(await load(6)).toEqual({ used: [5, 6], useless: [] });
    expect(memory.segments.segments[0]).toBe(first);
    expect(stored.asked).toEqual(['segment-ids', 'segments {6}', 'fingerprint 20']);
    stored.asked.length = 0;
    stored.rows.delete(5);
    expect(await load(6)).toEqual({ used: [6], useless: [] });
    expect(stored.asked).toEqual(['segment-ids', 'fingerprint 20']);
  });

  it('are not those that are damaged, nor those that went meanwhile', async () => {
    stored.add(5, 1, 10);
    const damaged = rowOf(stored.add(6, 11, 20)).with(1, '12');
    stored.rows.set(6, damaged);
    expect(await load(6)).toEqual({ used: [5], useless: [6] });
    // An id that was listed, and merged away before it was read.
    stored.rows.set(7, []);
    const { run } = stored;
    const gone: Run = async (what, statement) =>
      (await run(what, statement)).filter((row) => row.length > 0);
    await loadSegments({ run: gone, schema: '"public"' }, memory, 7);
    expect(memory.segments.segments.map(({ id }) => id)).toEqual([5]);
    expect([...memory.useless]).toEqual([6]);
  });

  it('are none where they contradict one another', async () => {
    stored.add(5, 1, 10);
    stored.add(6, 10, 20);
    expect(await load(6)).toEqual({ used: [], useless: [5, 6] });
    expect(stored.asked).not.toContain('fingerprint 20');
  });

  it.each([
    ['another fact', 'fact 20', 'another', [5, 6]],
    ['no fact', 'fact 20', undefined, [5, 6]],
    ['a fact where there was none', '', 'fact 20', [5, 6]],
    ['no fact where there was none', '', undefined, []],
    ['the same fact', 'fact 20', 'fact 20', []],
  ])('are of this log, or none is, by the newest one: %s', async (_, before, now, useless) => {
    stored.add(5, 1, 10, 'of no account');
    stored.add(6, 11, 20, before);
    if (now === undefined) stored.facts.delete(20);
    else stored.facts.set(20, now);
    expect(await load(6)).toEqual({ used: useless.length > 0 ? [] : [5, 6], useless });
  });
});
