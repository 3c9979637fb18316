import { describe, expect, it } from '@jest/globals';
import type { EventQuery, EventRecord } from '../../lib/contract/contract.types.js';
import type { FactCodec } from '../../lib/contract/fact-codec.js';
import { MAX_SEQUENCE_NUMBER } from '../../lib/contract/limits.js';
import { contextsOf } from '../../lib/streams/store-face.js';
import type { ContextPart, ContextsRead } from '../../lib/streams/store-face.js';
import { Material } from '../support/facts/arbitrary.js';
import { containing, fact, facts, ofTypes } from '../support/facts/facts.js';
import { LogModel } from '../support/index/model.js';
import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { databasesOf } from '../support/providers/provider.js';
import type { ConformingStore, SharedDatabase, Provider } from '../support/providers/provider.js';
import { sqlite } from '../support/providers/sqlite.js';

const EVERYTHING: EventQuery = {};

/** The union of what is asked. */
function wholeOf(parts: readonly ContextPart[]): EventQuery {
  const filters = parts.map(({ query }) => query.filters ?? []);
  return filters.some(({ length }) => length === 0) ? {} : { filters: filters.flat() };
}

async function read(
  store: ConformingStore,
  parts: readonly ContextPart[],
  upTo?: bigint,
): Promise<ContextsRead> {
  return contextsOf(store)!.readContexts(parts, wholeOf(parts), upTo);
}

const numbers = (records: readonly EventRecord[]): number[] =>
  records.map(({ sequence_number }) => Number(sequence_number));

/** A record's text, order of keys included. */
const text = (record: EventRecord): string =>
  JSON.stringify({ ...record, sequence_number: String(record.sequence_number) });

describe.each<Provider>([memory, sqlite, postgres])('Contexts of a $name store', (provider) => {
  const create = databasesOf(provider);
  const open = async (codec?: FactCodec): Promise<ConformingStore> =>
    (await create()).open({ codec });

  it('of an empty log are empty', async () => {
    const store = await open();
    expect(await read(store, [{ query: EVERYTHING, after: 0n }])).toMatchObject({
      head: 0n,
      parts: [{ event_records: [], version: null }],
    });
    expect(await read(store, [])).toMatchObject({ head: 0n, parts: [] });
  });

  it('are read each after a number of its own, with the version of the whole', async () => {
    const store = await open();
    await store.append([fact('a'), fact('b'), fact('a', { n: 1 })]);
    await store.append([fact('c'), fact('b')]);
    const parts = [
      { query: ofTypes('a'), after: 0n },
      { query: ofTypes('a'), after: 1n },
      { query: ofTypes('a'), after: 3n },
      { query: ofTypes('b', 'c'), after: 2n },
      { query: ofTypes('never'), after: 0n },
      { query: containing({ n: 1 }), after: 0n },
      { query: containing({ n: 1 }), after: MAX_SEQUENCE_NUMBER },
      { query: EVERYTHING, after: 3n },
      { query: EVERYTHING, after: 5n },
    ];
    const found = await read(store, parts);
    expect(found.head).toBe(5n);
    expect(found.parts.map((part) => [numbers(part.event_records), part.version])).toEqual([
      [[1, 3], 3n],
      [[3], 3n],
      [[], 3n],
      [[4, 5], 5n],
      [[], null],
      [[3], 3n],
      [[], 3n],
      [[4, 5], 5n],
      [[], 5n],
    ]);
    // What a part's query says of a cursor is no matter.
    const [part] = (
      await read(store, [{ query: { ...ofTypes('a'), min_sequence_number: 3n }, after: 0n }])
    ).parts;
    expect(numbers(part!.event_records)).toEqual([1, 3]);
  });

  it('are read up to a number; head and versions are those of the log', async () => {
    const store = await open();
    await store.append(facts(6, 'a'));
    const found = await read(
      store,
      [
        { query: ofTypes('a'), after: 2n },
        { query: containing({ n: 1 }), after: 0n },
        { query: containing({ n: 5 }), after: 0n },
      ],
      4n,
    );
    expect(found.head).toBe(6n);
    expect(found.parts.map((part) => [numbers(part.event_records), part.version])).toEqual([
      [[3, 4], 6n],
      [[2], 2n],
      [[], 6n],
    ]);
    expect(
      numbers((await read(store, [{ query: EVERYTHING, after: 0n }], 0n)).parts[0]!.event_records),
    ).toEqual([]);
  });

  it('have the facts that a query returns, whoever appended them, and they are the caller’s', async () => {
    const material = new Material(80, 12);
    const database = await create();
    const store = await database.open();
    // Some facts are this store's own, others come from beside it.
    const other = provider === memory ? store : await database.open();
    const model = new LogModel();
    let head = 0n;
    for (let round = 0; round < 12; round++) {
      const appended = material.draw(7);
      await (round % 3 === 0 ? other : store).append(appended);
      model.append(appended);
      const parts = material.queries.map((query, place) => ({
        query,
        after: place % 2 === 0 ? head : BigInt(material.below(model.head + 2)),
      }));
      const found = await read(store, parts);
      expect(found.head).toBe(BigInt(model.head));
      for (const [place, { query, after }] of parts.entries()) {
        const { event_records, version } = found.parts[place]!;
        expect({ query, version }).toEqual({ query, version: model.version(query) });
        const asked = await store.query({ ...query, min_sequence_number: after });
        expect({ query, after, rows: event_records.map(text) }).toEqual({
          query,
          after,
          rows: asked.event_records.map(text),
        });
        for (const record of event_records) record.payload = 'changed';
      }
      head = found.head;
    }
  });

  it('are of one moment while facts are appended', async () => {
    const database = await create();
    const [store, ...writers] =
      provider === memory
        ? Array(3).fill(await database.open())
        : await Promise.all([database.open(), database.open(), database.open()]);
    let isEnded = false;
    const writing = Promise.all(
      [...writers, store].map(async (writer: ConformingStore, index) => {
        for (let n = 0; n < 40; n++) {
          await writer.append([fact('left', { n, index }), fact('right', { n, index })]);
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
      }),
    ).finally(() => (isEnded = true));
    let after = 0n;
    const seen: Record<string, number> = { left: 0, right: 0, all: 0 };
    for (let isLast = false; !isLast;) {
      isLast = isEnded;
      const { head, parts } = await read(store, [
        { query: ofTypes('left'), after },
        { query: containing({ index: 0 }, { index: 1 }, { index: 2 }), after },
        { query: ofTypes('right'), after },
        { query: EVERYTHING, after },
      ]);
      const [left, all, right, everything] = parts;
      seen['left']! += left!.event_records.length;
      seen['right']! += right!.event_records.length;
      seen['all']! += all!.event_records.length;
      expect(everything!.event_records).toHaveLength(Number(head - after));
      expect(seen).toEqual({ left: Number(head) / 2, right: Number(head) / 2, all: Number(head) });
      expect([left!.version, right!.version, all!.version]).toEqual(
        head === 0n ? [null, null, null] : [head - 1n, head, head],
      );
      after = head;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await writing;
    expect(after).toBe(240n);
  });

  it('vouch for an append on their union', async () => {
    const store = await open();
    await store.append([fact('a', { n: 1 }), fact('b', { n: 1 })]);
    const parts = [
      { query: { filters: [{ event_types: ['a'], payload_predicates: [{ n: 1 }] }] }, after: 0n },
      { query: { filters: [{ event_types: ['b'], payload_predicates: [{ n: 1 }] }] }, after: 2n },
    ];
    const { head } = await read(store, parts);
    await store.append([fact('c', { n: 1 })]);
    const whole = wholeOf(parts);
    expect(await store.appendIf([fact('a', { n: 1 })], whole, head)).toMatchObject({
      append_result: { first_sequence_number: 4n },
    });
    expect(await store.appendIf([fact('a', { n: 1 })], whole, head)).toMatchObject({
      conflict: { actual_context_version: 4n },
    });
    expect((await read(store, parts)).parts.map(({ version }) => version)).toEqual([4n, 2n]);
  });

  it('tell one log from another', async () => {
    const [store, other] = [await open(), await open()];
    const part = [{ query: ofTypes('a'), after: 0n }];
    const { log } = await read(store, part);
    await store.append([fact('a')]);
    await store.append([fact('b')]);
    expect((await read(store, part)).log).toBe(log);
    expect((await read(other, part)).log).not.toBe(log);
  });

  it('are translated and decoded', async () => {
    const store = await open({
      translate: (query) => ({
        ...query,
        filters: query.filters?.map((filter) => ({ ...filter, event_types: ['stored'] })) ?? null,
      }),
      decode: (record) => ({ ...record, event_type: 'read' }),
      admit: () => undefined,
      knows: () => true,
    });
    await store.append([fact('stored'), fact('other'), fact('stored')]);
    const parts = [{ query: ofTypes('read'), after: 0n }];
    const found = await read(store, parts);
    expect(found.parts[0]!.event_records.map(({ event_type }) => event_type)).toEqual([
      'read',
      'read',
    ]);
    expect((await read(store, parts, 2n)).parts[0]).toMatchObject({
      event_records: [{ sequence_number: 1n, event_type: 'read' }],
      version: 3n,
    });
  });

  it('are refused as a query is', async () => {
    const store = await open();
    const refused = async (...[parts, whole, upTo]: Parameters<typeof readRaw>): Promise<unknown> =>
      readRaw(parts, whole, upTo).catch((error: { code?: string }) => error.code);
    const readRaw = async (parts: unknown[], whole: unknown, upTo?: unknown): Promise<unknown> =>
      contextsOf(store)!.readContexts(parts as never, whole as never, upTo as never);
    expect(await refused([{ query: { filters: 1 }, after: 0n }], {})).toBe('INVALID_QUERY');
    expect(await refused([{ query: {}, after: -1n }], {})).toBe('INVALID_VERSION');
    expect(await refused([], { filters: 1 })).toBe('INVALID_QUERY');
    expect(await refused([], {}, 5)).toBe('INVALID_OPTIONS');
    await store.close();
    expect(await refused([], {})).toBe('STORE_CLOSED');
  });
});

describe.each<Provider<SharedDatabase>>([sqlite, postgres])(
  'The log of contexts of a $name store',
  (provider) => {
    const create = databasesOf(provider);
    const parts = [
      { query: ofTypes('a'), after: 0n },
      { query: containing({ of: 'a' }), after: 2n },
    ];

    it.each([
      ['as long', 3],
      ['shorter', 1],
      ['longer', 9],
    ])('is another one after a restore (%s)', async (_, later) => {
      const database = await create();
      const store = await database.open();
      await store.append([fact('a', { of: 'a' }), fact('a', { of: 'a' })]);
      const first = await read(store, parts);
      const restore = await database.backUp();
      for (let n = 0; n < 3; n++) await store.append([fact('a', { of: 'a', lost: n })]);
      const known = await read(store, parts);
      expect(known.log).toBe(first.log);
      await restore();
      const other = await database.open();
      for (let n = 0; n < later; n++) await other.append([fact('a', { of: 'a', n })]);
      const found = await read(store, parts);
      expect(found.log).not.toBe(known.log);
      expect(found.head).toBe(BigInt(2 + later));
      const expected = (await other.query(ofTypes('a'))).event_records;
      expect(found.parts[0]!.event_records).toEqual(expected);
      expect(found.parts[1]!.event_records).toEqual(expected.slice(2));
      const again = await read(store, parts);
      expect(again.log).toBe(found.log);
    });
  },
);

describe('Contexts of a store that is wrapped', () => {
  it('are those of the store, unless the wrapper has a query of its own', async () => {
    const create = memory.create();
    const store = await (await create).open();
    const { capabilities } = store;
    const wrapped = Object.create(store, { capabilities: { value: capabilities } }) as typeof store;
    expect(contextsOf(wrapped)).toBeDefined();
    const tracing = { ...wrapped, capabilities, query: () => store.query({}) } as never;
    expect(contextsOf(tracing)).toBeUndefined();
    const promising = Object.create(store, {
      capabilities: { value: { ...capabilities, promises: store } },
    }) as typeof store;
    expect(contextsOf(promising)).toBeUndefined();
    await (await create).dispose();
  });
});
