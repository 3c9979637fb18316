import { describe, expect, it } from '@jest/globals';
import type { AppendOptions, FactMetadata } from '../../../lib/contract/contract.types.js';
import { fact, facts, headOf, ofTypes } from '../../support/facts/facts.js';
import { errorOf } from '../../support/facts/outcome.js';
import { databasesOf, storesOf } from '../../support/providers/provider.js';
import type {
  ConformingStore,
  Provider,
  SharedDatabase,
} from '../../support/providers/provider.js';

const text = (bytes: number): string => 'x'.repeat(bytes);

async function metadataOf(
  store: ConformingStore,
  ...numbers: (number | bigint)[]
): Promise<(FactMetadata | null)[]> {
  return store.capabilities!.metadata!.of(numbers.map(BigInt));
}

async function causedBy(store: ConformingStore, limit: number, ...numbers: number[]) {
  const found = await store.capabilities!.metadata!.causedBy(numbers.map(BigInt), limit);
  return found.map(({ first_sequence_number, last_sequence_number, causation }) =>
    [first_sequence_number, last_sequence_number, causation].map(Number),
  );
}

const byOf = (causation_id: number | string): AppendOptions => ({
  metadata: { causation_id: String(causation_id) },
});

/** What is kept of appends besides their facts. */
export function describeAppendMetadata(provider: Provider): void {
  describe('metadata', () => {
    const open = storesOf(provider);

    it('is kept of each append that has any, for all of its facts', async () => {
      const store = await open();
      expect(await metadataOf(store, 1)).toEqual([null]);
      await store.append(facts(1));
      const metadata = {
        correlation_id: 'a "b" \n{,}\\',
        user: { name: 'ä', tags: [1, null, true], __proto__: undefined },
      };
      await store.append(facts(3), { metadata });
      await store.appendIf(facts(2), ofTypes('never'), null, { metadata: { n: 1 } });
      await store.append(facts(2));
      await store.append(facts(1), { metadata: { n: 2 } });
      const first = { correlation_id: 'a "b" \n{,}\\', user: { name: 'ä', tags: [1, null, true] } };
      expect(await metadataOf(store, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)).toEqual([
        null,
        first,
        first,
        first,
        { n: 1 },
        { n: 1 },
        null,
        null,
        { n: 2 },
        null,
      ]);
      expect(await metadataOf(store, 9, 3, 9, 1, 0)).toEqual([
        { n: 2 },
        first,
        { n: 2 },
        null,
        null,
      ]);
      expect(await metadataOf(store)).toEqual([]);
      const [one, another] = await metadataOf(store, 5, 5);
      one!['n'] = 'changed';
      expect([another, ...(await metadataOf(store, 5))]).toEqual([{ n: 1 }, { n: 1 }]);
    });

    it.each([undefined, null, {}, { a: undefined }])('that is %j is none', async (metadata) => {
      const store = await open();
      await store.append(facts(1), { metadata } as AppendOptions);
      expect(await metadataOf(store, 1)).toEqual([null]);
    });

    it('is no part of the facts, nor of what is matched', async () => {
      const store = await open();
      await store.append(facts(1), { metadata: { user: 'a' } });
      const { event_records } = await store.query({});
      expect(Object.keys(event_records[0]!).sort()).toEqual([
        'event_type',
        'occurred_at',
        'payload',
        'sequence_number',
      ]);
      const query = { filters: [{ payload_predicates: [{ user: 'a' }] }] };
      expect((await store.query(query)).event_records).toEqual([]);
    });

    it('is kept of what is committed only', async () => {
      const store = await open();
      await store.append(facts(1));
      const conditional = { metadata: { n: 1 } };
      expect((await store.appendIf(facts(1), {}, null, conditional)).conflict).toBeTruthy();
      await store.append(facts(1));
      expect(await metadataOf(store, 1, 2)).toEqual([null, null]);
    });

    it('is that of the first one of a repeated append, and no part of its identity', async () => {
      const store = await open();
      const original = await store.append(facts(1), { appendId: 'a', metadata: { try: 1 } });
      const repeated = { appendId: 'a', metadata: { try: 2 } };
      expect(await store.append(facts(1), repeated)).toEqual(original);
      expect(await metadataOf(store, 1)).toEqual([{ try: 1 }]);
    });

    it('is told apart in appends that are made at the same time', async () => {
      const store = await open();
      const results = await Promise.all(
        Array.from({ length: 40 }, async (_, n) => {
          const metadata = n % 3 === 0 ? undefined : { n, correlation_id: `c-${n}` };
          const options = { metadata, ...(n % 5 === 0 ? { appendId: `id ${n}` } : {}) };
          const { first_sequence_number, last_sequence_number } = await store.append(
            facts(1 + (n % 2)),
            options,
          );
          return { metadata: metadata ?? null, first_sequence_number, last_sequence_number };
        }),
      );
      for (const { metadata, first_sequence_number, last_sequence_number } of results) {
        const found = await metadataOf(store, first_sequence_number, last_sequence_number);
        expect(found).toEqual([metadata, metadata]);
      }
    });

    it('tells which appends follow from a fact', async () => {
      const store = await open();
      await store.append(facts(3));
      await store.append(facts(2), byOf(2));
      await store.append(facts(1), byOf(3));
      await store.append(facts(1), byOf(2));
      await store.append(facts(1), { metadata: { causation_id: '2', causation_store: 'orders' } });
      // Not before its own append: no effect is its own cause.
      await store.append(facts(1), byOf(9));
      await store.append(facts(1), byOf(99));
      expect(await causedBy(store, 10, 2)).toEqual([
        [4, 5, 2],
        [7, 7, 2],
      ]);
      expect(await causedBy(store, 10, 3, 2, 2, 9, 99, 1)).toEqual([
        [4, 5, 2],
        [6, 6, 3],
        [7, 7, 2],
      ]);
      expect(await causedBy(store, 2, 3, 2)).toEqual([
        [4, 5, 2],
        [6, 6, 3],
      ]);
      expect(await causedBy(store, 2, 1)).toEqual([]);
      expect(await causedBy(store, 2)).toEqual([]);
    });

    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    it.each([
      ['a text', 'secret-4711', 'INVALID_OPTIONS', 'no object'],
      ['an array', ['secret-4711'], 'INVALID_OPTIONS', 'no object'],
      ['a number', 7, 'INVALID_OPTIONS', 'no object'],
      ['a date', new Date(0), 'INVALID_OPTIONS', 'no object'],
      ['a bigint in it', { n: 1n }, 'INVALID_OPTIONS', '$.n'],
      ['a Map', new Map([['secret-4711', 1]]), 'INVALID_OPTIONS', 'a Map'],
      ['a cycle', cycle, 'INVALID_OPTIONS', 'contains itself'],
      ['U+0000', { a: '\u0000' }, 'INVALID_OPTIONS', 'U+0000'],
      ['a correlation that is no text', { correlation_id: 7 }, 'INVALID_OPTIONS', 'correlation_id'],
      ['an empty one', { correlation_id: '' }, 'INVALID_OPTIONS', 'correlation_id that is empty'],
      ['too long a one', { correlation_id: text(257) }, 'INVALID_OPTIONS', 'correlation_id'],
      ['a cause that is no number', { causation_id: 'a' }, 'INVALID_OPTIONS', 'causation_id'],
      ['a cause of zero', { causation_id: '0' }, 'INVALID_OPTIONS', 'causation_id'],
      ['a cause by number', { causation_id: 7 }, 'INVALID_OPTIONS', 'causation_id'],
      [
        'a cause beyond all facts',
        { causation_id: '9223372036854775808' },
        'INVALID_OPTIONS',
        'causation_id',
      ],
      ['too much', { a: text(65_536) }, 'LIMIT_EXCEEDED', '65536 bytes'],
      ['too many', { a: Array(70_000).fill(0) }, 'LIMIT_EXCEEDED', '65536 bytes'],
    ])('is refused before anything is written: %s', async (_, metadata, code, message) => {
      const store = await open();
      const options = { metadata } as unknown as AppendOptions;
      for (const call of [
        () => store.append(facts(1), options),
        () => store.appendIf(facts(1), {}, null, options),
      ]) {
        const error = await errorOf(call);
        expect(error.code).toBe(code);
        expect(error.message).toContain(message);
        expect(error.message).toContain('Nothing was written');
        expect(error.message).not.toContain('secret-4711');
      }
      expect(await headOf(store)).toBe(null);
    });

    it('may have just as much as is allowed', async () => {
      const store = await open();
      const metadata = { a: text(65_536 - '{"a":""}'.length) };
      await store.append(facts(1), { metadata });
      expect(await metadataOf(store, 1)).toEqual([metadata]);
      await store.append(facts(1), byOf('9223372036854775807'));
      expect(await metadataOf(store, 2)).toEqual([{ causation_id: '9223372036854775807' }]);
    });

    it('is not read of a store that is closed', async () => {
      const store = await open();
      await store.append(facts(1), { metadata: { a: 1 } });
      await store.close?.();
      if (provider.name === 'memory') return;
      expect((await errorOf(() => metadataOf(store, 1))).code).toBe('STORE_CLOSED');
    });
  });
}

/** Where the log outlives the process, so does its metadata. */
export function describeSharedAppendMetadata(provider: Provider<SharedDatabase>): void {
  describe('metadata', () => {
    const create = databasesOf(provider);

    it('is seen by a store that is opened later, and by one beside it', async () => {
      const database = await create();
      const first = await database.open();
      const beside = await database.open();
      await first.append(facts(2), { metadata: { n: 1 } });
      expect(await metadataOf(beside, 1, 2)).toEqual([{ n: 1 }, { n: 1 }]);
      await beside.append(facts(1), { metadata: { n: 2 } });
      await first.close?.();
      const later = await database.open();
      expect(await metadataOf(later, 1, 2, 3)).toEqual([{ n: 1 }, { n: 1 }, { n: 2 }]);
    });

    it('goes with the facts that it tells of, where the newest are removed', async () => {
      const database = await create();
      const store = await database.open();
      await store.append(facts(1), { metadata: { n: 1 } });
      await store.append(facts(3), { metadata: { n: 2, causation_id: '1' } });
      await store.append(facts(1), { metadata: { n: 3 } });
      await store.close?.();
      await database.removeFactsAfter(1n);
      const later = await database.open();
      await later.append([fact('other')], { metadata: { n: 4 } });
      await later.append(facts(4));
      expect(await metadataOf(later, 1, 2, 3, 4, 5)).toEqual([
        { n: 1 },
        { n: 4 },
        null,
        null,
        null,
      ]);
      expect(await causedBy(later, 10, 1)).toEqual([]);
    });
  });
}
