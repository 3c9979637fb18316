import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FactstrStore } from 'nestjs-factstr';
import type { EventQuery, EventRecord, FactStore, QueryOptions } from 'nestjs-factstr';
import { MAX_SEQUENCE_NUMBER } from '../../lib/contract/limits.js';
import { Material } from '../support/facts/arbitrary.js';
import { fact, facts, ofTypes } from '../support/facts/facts.js';
import { LogModel } from '../support/index/model.js';
import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { databasesOf } from '../support/providers/provider.js';
import type { ConformingStore, Provider } from '../support/providers/provider.js';
import { sqlite } from '../support/providers/sqlite.js';

/** What the options leave of a context's numbers. */
function expectedOf(
  numbers: readonly number[],
  cursor: bigint | null,
  options: QueryOptions,
): number[] {
  const { limit = Infinity, order = 'asc', upTo } = options;
  const within = numbers.filter(
    (number) => number > Number(cursor ?? 0n) && number <= Number(upTo ?? MAX_SEQUENCE_NUMBER),
  );
  return within.sort((a, b) => (order === 'asc' ? a - b : b - a)).slice(0, limit);
}

const numbersOf = (records: readonly EventRecord[]): number[] =>
  records.map(({ sequence_number }) => Number(sequence_number));

async function taken(records: AsyncIterable<EventRecord>): Promise<number[]> {
  const found: number[] = [];
  for await (const { sequence_number } of records) found.push(Number(sequence_number));
  return found;
}

/** A store of the contract alone, with pages of a number of rows or none. */
function custom(
  store: ConformingStore,
  pages: 'none' | 'numbers',
): FactStore & { pages: unknown[] } {
  const asked: unknown[] = [];
  const own = store as ConformingStore & { queryPage(query: EventQuery, limit: number): never };
  return {
    pages: asked,
    append: (events) => store.append(events),
    appendIf: (...given) => store.appendIf(...given),
    query: (query) => store.query(query),
    streamAll: (handle) => store.streamAll(handle),
    streamTo: (query, handle) => store.streamTo(query, handle),
    streamAllDurable: (stream, handle) => store.streamAllDurable(stream, handle),
    streamToDurable: (stream, query, handle) => store.streamToDurable(stream, query, handle),
    close: () => undefined,
    ...(pages === 'none'
      ? {}
      : {
          queryPage: (query: EventQuery, limit: number) => {
            asked.push(limit);
            return own.queryPage(query, limit);
          },
        }),
  };
}

const pageOf = (head: number): fc.Arbitrary<[bigint | null, QueryOptions]> =>
  fc.tuple(
    fc.option(fc.bigInt(0n, BigInt(head + 2))),
    fc.record(
      {
        limit: fc.oneof(fc.nat(head + 2), fc.constantFrom(0, 1)),
        order: fc.constantFrom<'asc' | 'desc'>('asc', 'desc'),
        upTo: fc.oneof(
          fc.bigInt(0n, BigInt(head + 2)),
          fc.constantFrom<bigint | undefined>(MAX_SEQUENCE_NUMBER, undefined),
        ),
      },
      { requiredKeys: [] },
    ),
  );

describe.each<Provider>([memory, sqlite, postgres])('Pages of a $name store', (provider) => {
  const create = databasesOf(provider);

  async function check(
    model: LogModel,
    stores: readonly FactstrStore[],
    queries: readonly EventQuery[],
    numRuns: number,
  ): Promise<void> {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...queries),
        pageOf(model.head),
        fc.integer({ min: 1, max: 9 }),
        async (asked, [cursor, options], pageSize) => {
          const query = { ...asked, min_sequence_number: cursor };
          const expected = expectedOf(model.numbers(asked), cursor, options);
          for (const store of stores) {
            const found = await store.query(query, options);
            expect(numbersOf(found.event_records)).toEqual(expected);
            expect(found.last_returned_sequence_number).toBe(
              expected.length === 0 ? null : BigInt(expected.at(-1)!),
            );
            expect(found.current_context_version).toBe(model.version(asked));
            const size = expected.length > 200 ? 100 * pageSize : pageSize;
            expect(await taken(store.read(query, { ...options, pageSize: size }))).toEqual(
              expected,
            );
          }
        },
      ),
      { numRuns },
    );
  }

  it('are what is left of the whole context, by index and by scan', async () => {
    const material = new Material(90, 14);
    const store = await (await create()).open();
    const model = new LogModel();
    const services = [
      FactstrStore.of(store),
      FactstrStore.of(custom(store, 'none')),
      FactstrStore.of(custom(store, 'numbers')),
    ];
    const append = async (count: number): Promise<void> => {
      const events = material.draw(count);
      await store.append(events);
      model.append(events);
    };
    await check(model, services, material.queries, 20);
    await append(40);
    await check(model, services, material.queries, 100);
    await append(1_500);
    await append(1_200);
    await check(model, services.slice(0, 1), material.queries, 60);
    await (store as { contextsIndexed?: () => Promise<void> }).contextsIndexed?.();
    await append(30);
    await check(model, services.slice(0, 1), material.queries, 100);
  });

  it('are read backwards, a page at a time, while others append', async () => {
    const store = await (await create()).open();
    const service = FactstrStore.of(store);
    await store.append([...facts(10, 'a'), ...facts(5, 'b'), ...facts(10, 'a')]);
    const seen: number[] = [];
    for await (const { sequence_number } of service.read(ofTypes('a'), {
      order: 'desc',
      pageSize: 3,
    })) {
      seen.push(Number(sequence_number));
      await store.append([fact('a')]);
    }
    expect(seen).toEqual([...numbersBack(25, 16), ...numbersBack(10, 1)]);
  });

  it('end where no more is wanted', async () => {
    const store = await (await create()).open();
    const sizes: unknown[] = [];
    const own = store as ConformingStore & {
      queryPage(query: EventQuery, page: unknown): unknown;
    };
    const queryPage = own.queryPage.bind(own);
    own.queryPage = (query, page) => {
      sizes.push(page);
      return queryPage(query, page);
    };
    await store.append(facts(30, 'a'));
    const service = FactstrStore.of(store);
    expect(await taken(service.read({}, { limit: 7, pageSize: 3 }))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(sizes.splice(0)).toEqual([3, 3, 1]);
    expect(await taken(service.read({}, { limit: 2 }))).toEqual([1, 2]);
    expect(sizes.splice(0)).toEqual([2]);
    expect(await taken(service.read({}, { upTo: 4n, pageSize: 3 }))).toEqual([1, 2, 3, 4]);
    expect(sizes.splice(0)).toEqual([3, 3]);
    const back = { order: 'desc' as const, upTo: null };
    expect(await taken(service.read({}, { order: 'desc', limit: 4, pageSize: 3 }))).toEqual([
      30, 29, 28, 27,
    ]);
    expect(sizes.splice(0)).toEqual([
      { ...back, limit: 3 },
      { ...back, limit: 1, upTo: 27n },
    ]);
    expect(await taken(service.read({}, { order: 'desc', upTo: 3n, pageSize: 3 }))).toEqual([
      3, 2, 1,
    ]);
    expect(sizes.splice(0)).toEqual([{ ...back, limit: 3, upTo: 3n }]);
  });

  it('are narrowed where a custom store has none', async () => {
    const store = await (await create()).open();
    await store.append(facts(9, 'a'));
    const numbered = custom(store, 'numbers');
    const service = FactstrStore.of(numbered);
    expect(numbersOf((await service.query({}, { limit: 3 })).event_records)).toEqual([1, 2, 3]);
    expect(numbered.pages.splice(0)).toEqual([3]);
    for (const options of [{ upTo: 5n, limit: 2 }, { order: 'desc' as const }]) {
      await service.query({}, options);
      expect(numbered.pages).toEqual([]);
    }
    expect(await taken(service.read({}, { upTo: 5n, pageSize: 2 }))).toEqual([1, 2, 3, 4, 5]);
    expect(numbered.pages.splice(0)).toEqual([2, 2, 2]);
    expect(await taken(service.read({}, { order: 'desc', limit: 2, pageSize: 1 }))).toEqual([9, 8]);
    expect(numbered.pages).toEqual([]);
  });

  it('know the head of the log', async () => {
    const store = await (await create()).open();
    const services = [FactstrStore.of(store), FactstrStore.of(custom(store, 'none'))];
    for (const service of services) expect(await service.head()).toBe(0n);
    await store.append(facts(7));
    for (const service of services) expect(await service.head()).toBe(7n);
    await store.append(facts(1));
    for (const service of services) expect(await service.head()).toBe(8n);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['limit', { limit: -1 }, 'limit is -1; expected a whole number from 0.'],
    ['limit', { limit: 1.5 }, 'limit is 1.5; expected a whole number from 0.'],
    ['limit', { limit: 5n }, 'limit is 5; expected a whole number from 0.'],
    ['order', { order: 'down' }, "order is \"down\"; expected 'asc' or 'desc'."],
    ['upTo', { upTo: 5 }, 'upTo is 5; expected a sequence number, a bigint from 0 to 2^63 - 1.'],
    ['upTo', { upTo: -1n }, 'upTo is -1; expected a sequence number, a bigint from 0 to 2^63 - 1.'],
    ['read', { read: 'exact' }, "read is \"exact\"; expected 'local' or 'barrier'."],
    ['signal', { signal: 'now' }, 'The option signal is no AbortSignal.'],
    [
      'unknown',
      { limits: 5 },
      'query has the unknown option "limits"; known are limit, order, upTo, read, metadata, signal.',
    ],
  ])('refuse a bad %s', async (_, options, message) => {
    const service = FactstrStore.of(await (await create()).open());
    const refused = { code: 'INVALID_OPTIONS', message };
    await expect(service.query({}, options)).rejects.toMatchObject(refused);
    await expect(service.read({}, options).next()).rejects.toMatchObject({
      ...refused,
      message: message
        .replace('query has', 'read has')
        .replace('metadata, signal.', 'metadata, signal, pageSize.'),
    });
  });

  it('refuse options that are none, also of the bare store', async () => {
    const store = await (await create()).open();
    const service = FactstrStore.of(store);
    await expect(service.query({}, 5 as never)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(service.query({}, null as never)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    const own = store as ConformingStore & { queryPage(query: EventQuery, page: unknown): unknown };
    for (const page of [-1, NaN, null, 'all', { limit: '5' }, { order: 1 }, { from: 1n }]) {
      await expect((async () => own.queryPage({}, page))()).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
      });
    }
  });

  it('end with the signal’s reason', async () => {
    const store = await (await create()).open();
    await store.append(facts(9, 'a'));
    const service = FactstrStore.of(store);
    const reason = new Error('The client has gone.');
    const { signal } = aborting(reason);
    await expect(service.query({}, { signal })).rejects.toBe(reason);
    await expect(service.read({}, { signal }).next()).rejects.toBe(reason);
    // While it waits for the store.
    const controller = new AbortController();
    const held = custom(store, 'none');
    held.query = () => new Promise(() => undefined);
    const waiting = FactstrStore.of(held).query({}, { signal: controller.signal });
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    // Between two facts.
    const between = new AbortController();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { sequence_number } of service.read({}, { signal: between.signal })) {
        seen.push(Number(sequence_number));
        if (sequence_number === 3n) between.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    expect(seen).toEqual([1, 2, 3]);
    expect(
      numbersOf((await service.query({}, { signal: new AbortController().signal })).event_records),
    ).toHaveLength(9);
  });
});

function aborting(reason: Error): AbortController {
  const controller = new AbortController();

  controller.abort(reason);
  return controller;
}

function numbersBack(from: number, to: number): number[] {
  return Array.from({ length: from - to + 1 }, (_, n) => from - n);
}
