import type { AppendIfResult, EventQuery, NewEvent } from '../../../contract/contract.types.js';
import type { JsonValue } from '../../../contract/json-value.js';
import { MAX_SEQUENCE_NUMBER } from '../../../contract/limits.js';
import { containing, fact, headOf, ofTypes } from '../support/facts.js';
import { naiveContains } from '../support/contains.js';
import type { Conformance, ConformingStore } from '../conformance.js';

/** Contexts that end at different facts of `LOG`, found by type, by payload, by both, by several filters, or by all. */
const CONTEXTS: readonly EventQuery[] = [
  {},
  ofTypes('a'),
  ofTypes('b'),
  ofTypes('a', 'c'),
  ofTypes('never'),
  containing({ id: 1 }),
  containing({ id: 2 }),
  containing({ id: 1 }, { id: 3 }),
  containing({ tags: ['x'] }),
  containing({ id: 9 }),
  { filters: [{ event_types: ['a'], payload_predicates: [{ id: 1 }] }] },
  { filters: [{ event_types: ['b'], payload_predicates: [{ id: 1 }, { id: 2 }] }] },
  { filters: [{ event_types: ['c'] }, { payload_predicates: [{ id: 3 }] }] },
  { filters: [{ event_types: ['a'] }], min_sequence_number: 5n },
  { filters: [{ event_types: [] }] },
];

const LOG: readonly NewEvent[][] = [
  [fact('a', { id: 1 })],
  [fact('b', { id: 1 }), fact('a', { id: 2 })],
  [fact('c', { id: 3, tags: ['x', 'y'] })],
  [fact('b', { id: 2 }), fact('b', { id: 3 }), fact('b', {})],
  [fact('d', { id: 1 })],
  [fact('d')],
];

const OUTSIDE = fact('outside', { id: 'none' });

/** The definition, over the facts of a log. */
function newest(log: readonly NewEvent[], { filters }: EventQuery): bigint | null {
  const index = log.findLastIndex(
    ({ event_type, payload }) =>
      !filters ||
      filters.some(
        ({ event_types, payload_predicates }) =>
          (event_types?.includes(event_type) ?? true) &&
          (payload_predicates?.some((predicate) =>
            naiveContains(payload as JsonValue, predicate as JsonValue),
          ) ??
            true),
      ),
  );
  return index < 0 ? null : BigInt(index + 1);
}

export function describeVersions(conformance: Conformance): void {
  const { describe, it, expect } = conformance;
  describe('the expected version of a context', () => {
    const openStore = conformance.stores();

    it('is the newest number itself: none below it, none above it, and not none', async () => {
      const store = await openStore();
      for (const batch of LOG) await store.append(batch);
      const log = LOG.flat();
      const head = BigInt(log.length);
      // Asked twice: a store may remember what it found.
      for (const context of [...CONTEXTS, ...CONTEXTS]) {
        const actual = newest(log, context);
        const around = [0n, 1n, head - 1n, head, head + 1n, 2n ** 53n, MAX_SEQUENCE_NUMBER];
        if (actual !== null) around.push(actual - 1n, actual + 1n);
        for (const expected of [null, ...around].filter((version) => version !== actual)) {
          const { append_result, conflict } = await store.appendIf([OUTSIDE], context, expected);
          const told = conflict?.expected_context_version;
          if (append_result || told !== expected || conflict?.actual_context_version !== actual) {
            expect([context, expected, conflict]).toBe(`a conflict with ${actual}`);
          }
        }
        expect((await store.query(context)).current_context_version ?? null).toBe(actual);
      }
      expect(await headOf(store)).toBe(head);
    });

    it('admits an append to each context, and stays what it was where that is outside', async () => {
      const store = await openStore();
      for (const batch of LOG) await store.append(batch);
      const log = LOG.flat();
      for (const context of [...CONTEXTS, ...CONTEXTS.toReversed()]) {
        const { append_result } = await store.appendIf([OUTSIDE], context, newest(log, context));
        log.push(OUTSIDE);
        expect([context, append_result?.last_sequence_number]).toEqual([
          context,
          BigInt(log.length),
        ]);
      }
    });

    it('moves with each fact of the context: what it was is refused, and what it will be', async () => {
      const store = await openStore();
      const query = containing({ id: 1 });
      const next = fact('a', { id: 1 });
      let version: bigint | null = null;
      for (let n = 0; n < 12; n++) {
        if (n % 3 === 1) await store.append([OUTSIDE, OUTSIDE]);
        const head: bigint = (await headOf(store)) ?? 0n;
        const ahead = await store.appendIf([next], query, head + 1n);
        expect(ahead.conflict?.actual_context_version ?? null).toBe(version);
        const accepted: AppendIfResult = await store.appendIf([next], query, version);
        expect(accepted.append_result?.first_sequence_number).toBe(head + 1n);
        const behind = await store.appendIf([next], query, version);
        version = head + 1n;
        expect(behind.conflict?.actual_context_version).toBe(version);
      }
    });
  });
}

/** Where another store writes too, a version may be ahead of what a store knows. */
export function describeSharedVersions(conformance: Conformance): void {
  const { describe, it, expect } = conformance;
  describe('the expected version of a context of two stores', () => {
    const createDatabase = conformance.databases();

    async function openTwo(): Promise<[ConformingStore, ConformingStore]> {
      const database = await createDatabase();
      return [await database.open(), await database.open()];
    }

    it('may be one that only the other has seen, and is refused when only the other has passed it', async () => {
      const stores = await openTwo();
      const query = containing({ id: 1 });
      const next = [fact('a', { id: 1 })];
      await stores[0].append(next);
      let version = 1n;
      for (let round = 0; round < 6; round++) {
        const [knows, writes] = [stores[round % 2]!, stores[(round + 1) % 2]!];
        expect((await knows.query(query)).current_context_version).toBe(version);
        await writes.append(next);
        for (const expected of [version, version + 2n]) {
          const { conflict } = await knows.appendIf(next, query, expected);
          expect(conflict?.actual_context_version).toBe(version + 1n);
        }
        await writes.append(next);
        const { append_result } = await knows.appendIf(next, query, version + 2n);
        expect(append_result?.first_sequence_number).toBe(version + 3n);
        version += 3n;
      }
    });

    it('is judged by the log, whatever both ask and append at the same time', async () => {
      const stores = await openTwo();
      const contexts = [containing({ id: 1 }), containing({ id: 2 }), ofTypes('a'), ofTypes('b')];
      const verdicts: [EventQuery, bigint | null, AppendIfResult][] = [];
      for (let round = 0; round < 12; round++) {
        const known = await Promise.all(
          contexts.map(
            async (query) => (await stores[round % 2]!.query(query)).current_context_version,
          ),
        );
        await Promise.all(
          stores.flatMap((store, s) => [
            (async () => store.append([fact('ab'[(round + s) % 2]!, { id: 1 + (s % 2) })]))(),
            ...contexts.map(async (query, c) => {
              // One each at the version that was read, one below it, and one that may come.
              const version = (known[c] ?? 0n) + BigInt(((round + c + s) % 3) - 1);
              const expected = version <= 0n ? null : version;
              const event = fact('ab'[c % 2]!, { id: 1 + ((c + s) % 2) });
              const verdict = await store.appendIf([event], query, expected);
              verdicts.push([query, expected, verdict]);
              await store.query(query);
            }),
          ]),
        );
      }
      const log = (await stores[0].query({})).event_records;
      for (const [query, expected, { append_result, conflict }] of verdicts) {
        if (append_result) {
          const before = log.slice(0, Number(append_result.first_sequence_number) - 1);
          expect([query, expected]).toEqual([query, newest(before, query)]);
        } else {
          const actual = conflict?.actual_context_version ?? null;
          expect(actual).not.toBe(expected);
          const until = log.slice(0, Number(actual ?? 0n));
          expect([query, newest(until, query)]).toEqual([query, actual]);
        }
      }
      expect(verdicts.some(([, , { append_result }]) => append_result)).toBe(true);
      expect(verdicts.some(([, , { conflict }]) => conflict)).toBe(true);
    });
  });
}
