import { describe, expect, it } from '@jest/globals';
import type { EventQuery, EventRecord } from '../../lib/contract/contract.types.js';
import { RecentFacts } from '../../lib/context-index/recent-facts.js';
import { recentRecords } from '../../lib/stores/postgres/index/recent-records.js';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import type { ContextPart, ContextsRead } from '../../lib/streams/store-face.js';
import { containing, fact, facts, ofTypes } from '../support/facts/facts.js';
import { regrow } from '../support/index/postgres-log.js';
import { testDatabases } from '../support/postgres/database.js';
import { testWires } from '../support/postgres/wired.js';

const createWired = testWires();
const create = testDatabases();

const of = (type: string, n: number): EventQuery => ({
  filters: [{ event_types: [type], payload_predicates: [{ n }] }],
});
const whole = (parts: readonly ContextPart[]): EventQuery => ({
  filters: parts.flatMap(({ query }) => query.filters!),
});
const read = async (
  store: FactstrPostgresStore,
  parts: readonly ContextPart[],
): Promise<ContextsRead> => store.readContexts(parts, whole(parts));

const APPEND = [expect.stringContaining('SELECT out_head')];

describe('Contexts in Postgres', () => {
  it('cost one round trip where memory reaches back so far, and vouch for the append', async () => {
    const { database, wire, store: open } = await createWired();
    const store = open();
    await store.append(facts(30, 'a'));
    await store.append([fact('b', { n: 1 })]);
    /** What was asked for, beside the log's state and what tells others of commits. */
    const asked = async <T>(work: () => Promise<T>): Promise<[string[], T]> => {
      const before = wire.requests.length;
      const result = await work();
      const texts = wire.requests.slice(before).map(({ text }) => text);
      return [texts.filter((text) => !/WITH state AS|pg_notify|LISTEN/.test(text)), result];
    };
    const parts = (after: bigint): ContextPart[] => [
      { query: of('a', 1), after },
      { query: of('b', 1), after },
    ];
    const first = await read(store, parts(0n));
    expect(first.parts.map(({ version }) => version)).toEqual([2n, 31n]);
    const [again, found] = await asked(() => read(store, parts(first.head)));
    expect([again, found.parts]).toEqual([
      [],
      [
        { event_records: [], version: 2n },
        { event_records: [], version: 31n },
      ],
    ]);
    const [appending, { append_result }] = await asked(() =>
      store.appendIf([fact('a', { n: 1, own: true })], whole(parts(0n)), 31n),
    );
    expect([appending, append_result?.first_sequence_number]).toEqual([APPEND, 32n]);
    // Of another process.
    const other = database.store();
    await other.append([fact('b', { n: 1, other: true })]);
    const [later, news] = await asked(() => read(store, parts(first.head)));
    expect([later, news.parts]).toMatchObject([
      [],
      [
        { event_records: [{ payload: { n: 1, own: true } }], version: 32n },
        { event_records: [{ payload: { n: 1, other: true } }], version: 33n },
      ],
    ]);
    const [judging, { conflict }] = await asked(() =>
      store.appendIf([fact('a', { n: 1 })], whole(parts(0n)), 32n),
    );
    expect([judging, conflict?.actual_context_version]).toEqual([APPEND, 33n]);
  });

  it('have large payloads too', async () => {
    const store = (await create()).store();
    const large = 'x'.repeat(300_000);
    const parts = [{ query: of('a', 1), after: 0n }];
    await read(store, parts);
    await store.append([fact('a', { n: 1, large }), fact('a', { n: 2 })]);
    expect((await read(store, parts)).parts).toMatchObject([
      { event_records: [{ payload: { n: 1, large } }], version: 1n },
    ]);
  });

  it('are those of the log that is there when they have been read', async () => {
    const { database, wire, store: open } = await createWired();
    const store = open();
    await store.append(facts(5, 'a'));
    const parts = [{ query: ofTypes('a'), after: 0n }];
    const { log } = await read(store, parts);
    // Beyond what memory keeps: rows are read from the server.
    await regrow(database, 0, facts(6_000, 'a'));
    const replaced = await read(store, parts);
    expect(replaced.log).not.toBe(log);
    expect(replaced.parts[0]!.event_records).toHaveLength(6_000);
    let isReplaced = false;
    wire.fate = ({ text }) => {
      if (isReplaced || !text.includes('ORDER BY events.sequence_number LIMIT')) return undefined;
      isReplaced = true;
      return regrow(database, 0, facts(7_000, 'a'));
    };
    const found = await read(store, parts);
    expect(isReplaced).toBe(true);
    expect(found.log).not.toBe(replaced.log);
    expect(found).toMatchObject({ head: 7_000n, parts: [{ version: 7_000n }] });
    expect(found.parts[0]!.event_records).toHaveLength(7_000);
  });

  it('are read on one snapshot where numbers are beyond doubles', async () => {
    const database = await create();
    const store = database.store();
    await store.append([fact('a'), fact('b')]);
    await database.run(
      "INSERT INTO events (sequence_number, event_type, payload) VALUES (9007199254740993, 'a', '{\"n\":1}')",
    );
    const parts = [
      { query: ofTypes('a'), after: 1n },
      { query: containing({ n: 1 }), after: 0n },
      { query: ofTypes('b'), after: 2n },
    ];
    const found = await read(store, parts);
    expect(found).toMatchObject({
      head: 9_007_199_254_740_993n,
      parts: [
        {
          event_records: [{ sequence_number: 9_007_199_254_740_993n }],
          version: 9_007_199_254_740_993n,
        },
        { event_records: [{ payload: { n: 1 } }], version: 9_007_199_254_740_993n },
        { event_records: [], version: 2n },
      ],
    });
    // Of such a log nothing is known: it is never the one that it was.
    expect((await read(store, parts)).log).not.toBe(found.log);
  });

  it('have the times that the server shows, whatever they are', async () => {
    const database = await create();
    const store = database.store();
    await store.connect();
    const times = [
      '2026-11-28 10:00:00+00',
      '2026-11-28 10:00:00.5+00',
      '2026-11-28 10:00:00.000001+00',
      '2026-11-28 10:00:00.120+00',
      '1969-07-20 20:17:40.25+00',
      '1970-01-01 00:00:00+00',
      '9999-12-31 23:59:59.999999+00',
      '20000-01-01 00:00:00+00',
    ];
    for (const [place, time] of times.entries()) {
      await database.run(
        `INSERT INTO events (sequence_number, occurred_at, event_type, payload)
         VALUES (${place + 1}, '${time}', 'a', '{"__proto__": 1, "bb": 1, "a": {"é": 1, "zz": 2, "b": [{"cc": 1, "d": 2}]}}')`,
      );
      const parts = [{ query: ofTypes('a'), after: BigInt(place) }];
      const asked = await store.query({ min_sequence_number: BigInt(place) });
      expect((await read(store, parts)).parts[0]!.event_records.map(text)).toEqual(
        asked.event_records.map(text),
      );
    }
  });
});

describe('A record from memory', () => {
  const recent = new RecentFacts();
  const payload = JSON.parse('{"bb":1,"a":2,"__proto__":3,"é":4,"c":{"zz":1,"y":2}}') as object;
  recent.add(1, { event_type: 'a', payload }, 10, '1764324000.500000');
  recent.add(2, { event_type: 'a', payload }, 10, '-1.5');
  recent.add(3, { event_type: 'a', payload }, 10);

  it('is as the server would show it, and the caller’s', () => {
    const [record] = recentRecords(recent, [1])!;
    expect(text(record!)).toBe(
      '{"sequence_number":"1","occurred_at":"2025-11-28T10:00:00.5Z","event_type":"a",' +
        '"payload":{"a":2,"c":{"y":2,"zz":1},"bb":1,"é":4,"__proto__":3}}',
    );
    expect(record!.payload).not.toBe(payload);
  });

  it.each([[2], [3], [4], [1, 4]])('is not there for %j', (...numbers) => {
    expect(recentRecords(recent, numbers)).toBeUndefined();
  });
});

/** A record's text, order of keys included. */
function text(record: EventRecord): string {
  return JSON.stringify({ ...record, sequence_number: String(record.sequence_number) });
}
