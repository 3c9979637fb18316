import type { AppendOptions } from '../../../contract/contract.types.js';
import { containing, fact, facts, headOf, numbersOf } from '../support/facts.js';
import { errorOf } from '../support/outcome.js';
import type { Conformance } from '../conformance.js';

const cart = containing({ cart: 7 });
const inCart = (sku: string): ReturnType<typeof fact> => fact('item-added', { cart: 7, sku });

export function describeAppendIds(conformance: Conformance): void {
  const { describe, it, itWith, expect } = conformance;
  describe('append ids', () => {
    const open = conformance.stores();

    it('return the original result when the append is repeated', async () => {
      const store = await open();
      const original = await store.append(facts(3), { appendId: 'a' });
      await store.append(facts(2));

      expect(await store.append(facts(3), { appendId: 'a' })).toEqual(original);
      expect(original.committed_count).toBe(3n);
      expect(await headOf(store)).toBe(5n);
    });

    it('return the original result of an appendIf, whatever became of its context', async () => {
      const store = await open();
      await store.append([inCart('first')]);
      const original = await store.appendIf([inCart('second')], cart, 1n, { appendId: 'b' });
      await store.append([inCart('third')]);

      expect(original.append_result?.first_sequence_number).toBe(2n);
      for (const version of [1n, 3n, null]) {
        const again = await store.appendIf([inCart('second')], cart, version, { appendId: 'b' });
        expect(again).toEqual(original);
      }
      expect(await headOf(store)).toBe(3n);
    });

    it('count for append and appendIf together', async () => {
      const store = await open();
      const original = await store.append([inCart('first')], { appendId: 'c' });
      const again = await store.appendIf([inCart('first')], cart, null, { appendId: 'c' });
      expect(again).toEqual({ append_result: original, conflict: null });
    });

    it('are not used up by a conflict', async () => {
      const store = await open();
      await store.append([inCart('first')]);
      const options = { appendId: 'd' };
      const refused = await store.appendIf([inCart('second')], cart, null, options);
      expect(refused.conflict?.actual_context_version).toBe(1n);

      const accepted = await store.appendIf([inCart('second')], cart, 1n, options);
      expect(accepted.append_result?.first_sequence_number).toBe(2n);
    });

    it('are not used up by what was refused', async () => {
      const store = await open();
      const options = { appendId: 'e' };
      await errorOf(() => store.append([{ event_type: 'a', payload: 1n }], options));
      expect((await store.append(facts(1), options)).first_sequence_number).toBe(1n);
    });

    it.each([
      ['another payload', [fact('noted', { n: 1 })]],
      ['another type', [fact('counted', { n: 0 })]],
      ['more facts', facts(2)],
      ['an array for an object', [fact('noted', [['n', 0]])]],
    ])('refuse %s, and write nothing', async (_, others) => {
      const store = await open();
      await store.append(facts(1), { appendId: 'f' });
      for (const call of [
        () => store.append(others, { appendId: 'f' }),
        () => store.appendIf(others, {}, 1n, { appendId: 'f' }),
      ]) {
        expect((await errorOf(call)).code).toBe('APPEND_ID_REUSED');
      }
      expect(await headOf(store)).toBe(1n);
    });

    it('do not mind the order of keys, and tell __proto__ from nothing', async () => {
      const store = await open();
      const payload = JSON.parse('{"a":{"x":1,"__proto__":2},"b":[]}') as unknown;
      const turned = JSON.parse('{"b":[],"a":{"__proto__":2,"x":1}}') as unknown;
      const without = JSON.parse('{"b":[],"a":{"x":1}}') as unknown;
      const original = await store.append([fact('noted', payload)], { appendId: 'g' });
      expect(await store.append([fact('noted', turned)], { appendId: 'g' })).toEqual(original);
      const error = await errorOf(() => store.append([fact('noted', without)], { appendId: 'g' }));
      expect(error.code).toBe('APPEND_ID_REUSED');
    });

    it('tell apart what is appended at the same time', async () => {
      const store = await open();
      const calls = Array.from({ length: 40 }, async (_, n) =>
        store.append([fact('noted', { n: n % 4 })], { appendId: `id-${n % 4}` }),
      );
      const results = await Promise.all(calls);
      expect(await headOf(store)).toBe(4n);
      results.forEach((result, n) => expect(result).toEqual(results[n % 4]));
    });

    it('do not fail others when one of them was used for other facts', async () => {
      const store = await open();
      await store.append(facts(1), { appendId: 'h' });
      const outcomes = await Promise.allSettled([
        (async () => store.append([fact('before')]))(),
        (async () => store.append([fact('other')], { appendId: 'h' }))(),
        (async () => store.append([fact('after')], { appendId: 'i' }))(),
        (async () => store.append([fact('after')], { appendId: 'i' }))(),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ]);
      expect(await headOf(store)).toBe(3n);
    });

    itWith('appendIdRetention')(
      'may be forgotten after their time, and then append again',
      async () => {
        const store = await open({ appendIdRetention: 1 });
        await store.append([fact('old')], { appendId: 'old' });
        const until = performance.now() + 5;
        while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
        for (const id of ['new', 'newer']) await store.append([fact(id)], { appendId: id });
        const again = await store.append([fact('old')], { appendId: 'old' });
        expect(again.first_sequence_number).toBe(4n);
      },
    );

    it.each([
      ['a misspelt option', { appendID: 'a' }],
      ['options that are no object', 'a'],
    ])('refuse %s', async (_, given) => {
      const store = await open();
      const options = given as AppendOptions;
      expect((await errorOf(() => store.append(facts(1), options))).code).toBe('INVALID_OPTIONS');
      const conditional = await errorOf(() => store.appendIf(facts(1), {}, null, options));
      expect(conditional.code).toBe('INVALID_OPTIONS');
      expect(await headOf(store)).toBe(null);
    });
  });
}

/** Where the log outlives the process, so do its ids. */
export function describeSharedAppendIds(conformance: Conformance): void {
  const { describe, it, expect } = conformance;
  describe('append ids', () => {
    const create = conformance.databases();

    it('are honoured by a store that is opened later, and by one beside it', async () => {
      const database = await create();
      const first = await database.open();
      const original = await first.append([inCart('a'), inCart('b')], { appendId: 'k' });
      const beside = await database.open();
      expect(await beside.append([inCart('a'), inCart('b')], { appendId: 'k' })).toEqual(original);
      await first.close();
      const later = await database.open();
      const again = await later.appendIf([inCart('a'), inCart('b')], cart, null, { appendId: 'k' });
      expect(again).toEqual({ append_result: original, conflict: null });
      expect(await numbersOf(later, {})).toEqual([1, 2]);
    });
  });
}
