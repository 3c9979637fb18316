import { InvalidOptionsError, LimitExceededError } from '../../../contract/errors.js';
import { containing, fact, facts, headOf, numbersOf } from '../support/facts.js';
import { errorOf } from '../support/outcome.js';
import type { Conformance } from '../conformance.js';

const MIB = 1024 * 1024;
/** A payload of exactly so many bytes as JSON text. */
const bytes = (count: number): string => 'x'.repeat(count - 2);

export function describeLimits(conformance: Conformance): void {
  const { describe, it, expect } = conformance;
  describe('limits', () => {
    const openStore = conformance.stores();
    const createDatabase = conformance.databases();

    it('admit a payload of 1 MiB, and not a byte more', async () => {
      const store = await openStore();
      await store.append([fact('a', bytes(MIB))]);
      const error = await errorOf(() => store.append([fact('a', bytes(MIB + 1))]));
      expect(error).toBeInstanceOf(LimitExceededError);
      expect(error.message).toContain('maxPayloadBytes');
      expect((await store.query({})).event_records[0]!.payload).toBe(bytes(MIB));
    });

    it('count bytes of UTF-8 text, escapes included', async () => {
      const store = await openStore({ limits: { maxPayloadBytes: 12 } });
      await store.append([fact('a', '1234567890'), fact('a', '€€€1'), fact('a', '\n\n\n\n\n')]);
      for (const payload of ['12345678901', '€€€12', '\n\n\n\n\n1', '🐎🐎🐎']) {
        expect(await errorOf(() => store.append([fact('a', payload)]))).toBeInstanceOf(
          LimitExceededError,
        );
      }
      expect(await headOf(store)).toBe(3n);
    });

    it('admit a batch of 16 MiB, and not a byte more', async () => {
      const store = await openStore();
      const full = Array.from({ length: 16 }, () => fact('a', bytes(MIB)));
      const error = await errorOf(() => store.append([...full, fact('a', 1)]));
      expect(error).toBeInstanceOf(LimitExceededError);
      expect(error.message).toContain('maxBatchBytes');
      await store.append(full);
      expect(await headOf(store)).toBe(16n);
    });

    it('admit an event type and a stream name of 256 bytes', async () => {
      const store = await openStore();
      for (const name of ['x'.repeat(256), '€'.repeat(85) + 'x']) {
        await store.append([fact(name)]);
        expect(await numbersOf(store, { filters: [{ event_types: [name] }] })).toHaveLength(1);
        (await store.streamAllDurable({ name }, () => undefined)).unsubscribe();
      }
    });

    it('admit 1,000 predicates', async () => {
      const store = await openStore();
      await store.append([fact('a', { n: 999 }), fact('a', { n: 1_000 })]);
      const predicates = Array.from({ length: 1_000 }, (_, n) => ({ n }));
      expect(await numbersOf(store, containing(...predicates))).toEqual([1]);
      const { conflict } = await store.appendIf([fact('a')], containing(...predicates), null);
      expect(conflict?.actual_context_version).toBe(1n);
    });

    it('can be set when the store is opened', async () => {
      const store = await openStore({
        limits: {
          maxPayloadBytes: 20,
          maxBatchFacts: 3,
          maxBatchBytes: 30,
          maxNameBytes: 5,
          maxPredicates: 2,
        },
      });
      await store.append([fact('12345', bytes(20)), fact('a', bytes(9)), fact('a', 1)]);
      const refused: [string, () => unknown][] = [
        ['maxPayloadBytes', () => store.append([fact('a', bytes(21))])],
        ['maxBatchFacts', () => store.append(facts(4, 'a'))],
        ['maxBatchBytes', () => store.append([fact('a', bytes(16)), fact('a', bytes(15))])],
        ['maxNameBytes', () => store.append([fact('123456')])],
        ['maxNameBytes', () => store.streamAllDurable({ name: '123456' }, () => undefined)],
        ['maxPredicates', () => store.query(containing(1, 2, 3))],
        ['maxPayloadBytes', () => store.query(containing(bytes(21)))],
      ];
      for (const [limit, call] of refused) {
        expect((await errorOf(call)).message).toContain(limit);
      }
      expect(await headOf(store)).toBe(3n);
    });

    it('keep their default where they are undefined', async () => {
      const store = await openStore({ limits: { maxPayloadBytes: undefined, maxBatchFacts: 5 } });
      expect(await errorOf(() => store.append([fact('a', bytes(MIB + 1))]))).toBeInstanceOf(
        LimitExceededError,
      );
    });

    it.each([0, -1, 1.5, NaN, '5', null])('refuse %p as a limit', async (limit) => {
      const database = await createDatabase();
      const error = await errorOf(() =>
        database.open({ limits: { maxBatchFacts: limit as number } }),
      );
      expect(error).toBeInstanceOf(InvalidOptionsError);
      expect(error.message).toContain('maxBatchFacts');
    });

    it('refuse the name of a limit that there is not', async () => {
      const database = await createDatabase();
      const limits = { maxBatchSize: 5 } as object;
      const error = await errorOf(() => database.open({ limits }));
      expect(error).toBeInstanceOf(InvalidOptionsError);
      expect(error.message).toContain('"maxBatchSize"');
    });

    it('do not shorten what can be looked for', async () => {
      const store = await openStore({ limits: { maxNameBytes: 5 } });
      expect(await numbersOf(store, { filters: [{ event_types: ['longer than five'] }] })).toEqual(
        [],
      );
    });
  });
}
