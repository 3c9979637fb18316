import { fact, facts, headOf, ofTypes, upTo } from '../support/facts.js';
import type { Conformance } from '../conformance.js';

export function describeConcurrency(conformance: Conformance): void {
  const { describe, it, expect } = conformance;
  describe('concurrency', () => {
    const openStore = conformance.stores();

    it('gives concurrent appends consecutive ranges without a gap', async () => {
      const store = await openStore();
      const results = await Promise.all(
        Array.from({ length: 120 }, async (_, n) => store.append(facts(1 + (n % 4), `type-${n}`))),
      );
      const ranges = results
        .map((result) => [result.first_sequence_number, result.last_sequence_number] as const)
        .sort(([a], [b]) => Number(a - b));
      let next = 1n;
      for (const [first, last] of ranges) {
        expect(first).toBe(next);
        next = last + 1n;
      }
      const { event_records } = await store.query({});
      expect(event_records.map((record) => Number(record.sequence_number))).toEqual(
        upTo(Number(next) - 1),
      );
      for (const [n, result] of results.entries()) {
        const own = event_records.slice(
          Number(result.first_sequence_number) - 1,
          Number(result.last_sequence_number),
        );
        expect(own.map((record) => record.event_type)).toEqual(
          facts(1 + (n % 4), `type-${n}`).map((event) => event.event_type),
        );
      }
    });

    it('commits the appends of one store object in call order', async () => {
      const store = await openStore();
      const appends: unknown[] = [];
      for (let n = 0; n < 200; n++) {
        appends.push(
          n % 3 === 0
            ? store.appendIf([fact('ordered', { n })], ofTypes('never'), null)
            : store.append([fact('ordered', { n })]),
        );
      }
      await Promise.all(appends);
      const { event_records } = await store.query({});
      expect(event_records.map((record) => (record.payload as { n: number }).n)).toEqual(
        Array.from({ length: 200 }, (_, n) => n),
      );
    });

    it('lets exactly one of many concurrent appendIf for one context win', async () => {
      const store = await openStore();
      const query = ofTypes('seat-taken');
      for (let round = 0; round < 5; round++) {
        const version = (await store.query(query)).current_context_version;
        const verdicts = await Promise.all(
          Array.from({ length: 40 }, async (_, n) =>
            store.appendIf([fact('seat-taken', { n })], query, version),
          ),
        );
        const won = verdicts.filter((verdict) => verdict.append_result);
        const lost = verdicts.filter((verdict) => verdict.conflict);
        expect(won).toHaveLength(1);
        expect(lost).toHaveLength(39);
        for (const { conflict } of lost) {
          expect(conflict?.actual_context_version).toBe(
            won[0]!.append_result!.last_sequence_number,
          );
        }
        expect(await headOf(store)).toBe(BigInt(round + 1));
      }
    });

    it('lets concurrent appendIf for different contexts all win', async () => {
      const store = await openStore();
      const verdicts = await Promise.all(
        Array.from({ length: 40 }, async (_, n) => {
          const query = { filters: [{ payload_predicates: [{ seat: n }] }] };
          return store.appendIf([fact('seat-taken', { seat: n })], query, null);
        }),
      );
      expect(verdicts.every((verdict) => verdict.append_result)).toBe(true);
      expect(await headOf(store)).toBe(40n);
    });

    it('reads rows and version from one snapshot', async () => {
      const store = await openStore();
      const writing = new AbortController();
      const writers = Promise.all(
        Array.from({ length: 4 }, async (_, writer) => {
          for (let n = 0; n < 40; n++) await store.append(facts(2, `writer-${writer}`));
        }),
      ).finally(() => writing.abort());
      do {
        const result = await store.query({});
        expect(result.current_context_version).toBe(result.last_returned_sequence_number);
        const all = result.event_records.map((record) => Number(record.sequence_number));
        expect(all).toEqual(upTo(all.length));
        expect(all.length % 2).toBe(0);
        // The writers need turns too, also where a query resolves without one.
        await new Promise((resolve) => setImmediate(resolve));
      } while (!writing.signal.aborted);
      await writers;
    });

    it('keeps an account of every verdict that replays to the same verdict', async () => {
      const store = await openStore();
      // Each verdict must be right at its place in the log: the numbers are dense, so this can be checked.
      const wins: { account: number; first: bigint; expected: bigint | null }[] = [];
      await Promise.all(
        Array.from({ length: 8 }, async (_, worker) => {
          for (let n = 0; n < 15; n++) {
            const account = (worker + n) % 3;
            const query = { filters: [{ payload_predicates: [{ account }] }] };
            const expected = (await store.query(query)).current_context_version ?? null;
            const { append_result } = await store.appendIf(
              [fact('booked', { account, worker, n })],
              query,
              expected,
            );
            if (append_result) {
              wins.push({ account, first: append_result.first_sequence_number, expected });
            }
          }
        }),
      );
      const { event_records } = await store.query({});
      expect(event_records).toHaveLength(wins.length);
      for (const { account, first, expected } of wins) {
        const before = event_records.filter(
          (record) =>
            record.sequence_number < first &&
            (record.payload as { account: number }).account === account,
        );
        expect(before.at(-1)?.sequence_number ?? null).toBe(expected);
      }
    });
  });
}
