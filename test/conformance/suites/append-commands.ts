import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { OwnAppendOptions } from '../../../lib/contract/append-id.js';
import type { AppendOptions } from '../../../lib/contract/contract.types.js';
import { recordedAppendOf } from '../../../lib/streams/store-face.js';
import { containing, fact, facts, headOf } from '../../support/facts/facts.js';
import { errorOf } from '../../support/facts/outcome.js';
import { databasesOf, storesOf } from '../../support/providers/provider.js';
import type { Provider } from '../../support/providers/provider.js';
import { standStill } from '../../support/waiting/clocks.js';

const cart = containing({ cart: 7 });
const command = { cart: 7, sku: 'a', at: { x: 1, y: [null] } };
const turned = { at: { y: [null], x: 1 }, sku: 'a', cart: 7 };
let made = 0;
const random = () => [fact('item-added', { cart: 7, at: `${(made += 1)} ${Math.random()}` })];

/** What an append is asked for by, kept beside its id. */
export function describeAppendCommands(provider: Provider): void {
  describe('commands of appends', () => {
    const open = storesOf(provider);

    it('tell in the place of the facts that an append is repeated', async () => {
      const store = await open();
      const original = await store.append(random(), { appendId: 'a', command });
      await store.append(facts(2));
      expect(await store.append(random(), { appendId: 'a', command: turned })).toEqual(original);
      const again = await store.appendIf([...random(), ...random()], cart, null, {
        appendId: 'a',
        command,
      });
      expect(again).toEqual({ append_result: original, conflict: null });
      expect(await headOf(store)).toBe(3n);
    });

    it('refuse another one, though the facts are equal', async () => {
      const store = await open();
      await store.append(facts(1), { appendId: 'a', command });
      for (const other of [{ ...command, sku: 'b' }, null, [], [command], 'a', 0, false]) {
        const options = { appendId: 'a', command: other };
        for (const call of [
          () => store.append(facts(1), options),
          () => store.appendIf(facts(1), {}, 1n, options),
        ]) {
          const error = await errorOf(call);
          expect(error.code).toBe('APPEND_ID_REUSED');
          expect(error.message).toContain('another command');
        }
      }
      expect(await headOf(store)).toBe(1n);
    });

    it.each([null, 0, '', false, [], {}, 'text', [1, { a: null }]])(
      'may be %j',
      async (command) => {
        const store = await open();
        const original = await store.append(random(), { appendId: 'a', command });
        expect(await store.append(random(), { appendId: 'a', command })).toEqual(original);
        const error = await errorOf(() => store.append(random(), { appendId: 'a', command: 'x' }));
        expect(error.code).toBe('APPEND_ID_REUSED');
      },
    );

    it.each([
      [{ command }, {}],
      [{}, { command }],
    ])('leave it to the facts where one of the two has none', async (first, second) => {
      const store = await open();
      const original = await store.append(facts(2), { appendId: 'a', ...first });
      expect(await store.append(facts(2), { appendId: 'a', ...second })).toEqual(original);
      const error = await errorOf(() => store.append(random(), { appendId: 'a', ...second }));
      expect(error.code).toBe('APPEND_ID_REUSED');
      expect(error.message).toContain('other facts');
    });

    it('count among appends that are made at the same time', async () => {
      const store = await open();
      const calls = Array.from({ length: 30 }, async (_, n) =>
        store.append(random(), { appendId: `id-${n % 3}`, command: n % 3 }),
      );
      calls.push((async () => store.append(random(), { appendId: 'id-0', command: 'other' }))());
      const results = await Promise.allSettled(calls);
      expect(await headOf(store)).toBe(3n);
      results.slice(0, 30).forEach((result, n) => expect(result).toEqual(results[n % 3]));
      expect(results[30]).toMatchObject({ reason: { code: 'APPEND_ID_REUSED' } });
    });

    it('are not used up by a conflict', async () => {
      const store = await open();
      await store.append(random());
      const options = { appendId: 'd', command };
      expect((await store.appendIf(random(), cart, null, options)).conflict).toBeTruthy();
      expect(await recordedAppendOf(store, 'd', command)).toBeUndefined();
      expect((await store.appendIf(random(), cart, 1n, options)).append_result).toBeTruthy();
    });

    it('are asked for without an append', async () => {
      const store = await open();
      const recorded = async (...asked: [string, unknown?]) => recordedAppendOf(store, ...asked);
      expect(await recorded('a', command)).toBeUndefined();
      const original = await store.append(random(), { appendId: 'a', command });
      await store.append(facts(1), { appendId: 'b' });
      expect(await recorded('a', turned)).toEqual(original);
      expect(await recorded('a')).toBeUndefined();
      expect(await recorded('b', command)).toBeUndefined();
      expect(await recorded('c', command)).toBeUndefined();
      expect((await errorOf(() => recorded('a', 'other'))).code).toBe('APPEND_ID_REUSED');
      expect((await errorOf(() => recorded('', command))).code).toBe('INVALID_APPEND_ID');
      expect((await errorOf(() => recorded('a', 1n))).code).toBe('INVALID_OPTIONS');
      await store.close?.();
      expect((await errorOf(() => recorded('a', command))).code).toBe('STORE_CLOSED');
    });

    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    it.each([
      ['a bigint', { n: 1n }, 'INVALID_OPTIONS', '$.n'],
      ['a function', [() => 1], 'INVALID_OPTIONS', '$[0]'],
      ['a cycle', cycle, 'INVALID_OPTIONS', 'contains itself'],
      ['a Map', new Map(), 'INVALID_OPTIONS', 'a Map'],
      ['NaN', NaN, 'INVALID_OPTIONS', 'not a JSON number'],
      ['too long a text', 'x'.repeat(2_000), 'LIMIT_EXCEEDED', 'maxPayloadBytes'],
    ])('are refused before anything is written: %s', async (_, given, code, message) => {
      const store = await open({ limits: { maxPayloadBytes: 1_000 } });
      const options = { appendId: 'a', command: given };
      for (const call of [
        () => store.append(facts(1), options),
        () => store.appendIf(facts(1), {}, null, options),
      ]) {
        const error = await errorOf(call);
        expect(error.code).toBe(code);
        expect(error.message).toContain(message);
        expect(error.message).toContain('Nothing was written');
      }
      expect(await headOf(store)).toBe(null);
    });

    it('are refused without an id', async () => {
      const store = await open();
      const error = await errorOf(() => store.append(facts(1), { command }));
      expect([error.code, error.message]).toEqual([
        'INVALID_OPTIONS',
        expect.stringContaining('kept beside an appendId'),
      ]);
      const unknown = { appendId: 'a', comand: 1 } as AppendOptions;
      const { message } = await errorOf(() => store.append(facts(1), unknown));
      expect(message).toContain('known here: appendId, command');
      expect(message).not.toContain('permanent');
    });
  });

  describe('ids that are kept for ever', () => {
    const create = databasesOf(provider);
    beforeEach(standStill);
    afterEach(() => {
      jest.useRealTimers();
    });

    it('outlive all other ones', async () => {
      const database = await create();
      const store = await database.open({ appendIdRetention: 1_000 });
      const permanent: OwnAppendOptions = { appendId: 'kept', command, permanent: true };
      const original = await store.append(random(), permanent);
      await store.append(facts(1), { appendId: 'old' });
      for (let round = 0; round < 3; round++) {
        jest.advanceTimersByTime(100_000);
        await database.ageAppendIds?.(100_000);
        for (const id of ['x', 'y', 'z']) {
          await store.append(random(), { appendId: `${id}-${round}` });
        }
      }
      expect((await store.append(facts(1), { appendId: 'old' })).first_sequence_number).not.toBe(
        2n,
      );
      const head = await headOf(store);
      expect(await store.append(random(), permanent)).toEqual(original);
      expect(await store.append(random(), { appendId: 'kept', command })).toEqual(original);
      expect(await headOf(store)).toBe(head);
    });
  });
}
