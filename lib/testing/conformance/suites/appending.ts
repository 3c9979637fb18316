import { fact, facts, headOf, numbersOf, upTo } from '../support/facts.js';
import { errorOf } from '../support/outcome.js';
import type { Conformance, ConformingStore } from '../conformance.js';

export function describeAppending(conformance: Conformance): void {
  const { describe, it, expect } = conformance;
  describe('appending', () => {
    const openStore = conformance.stores();

    it('numbers the facts from 1 without a gap, as bigint', async () => {
      const store = await openStore();
      expect(await store.append(facts(1))).toEqual({
        first_sequence_number: 1n,
        last_sequence_number: 1n,
        committed_count: 1n,
      });
      expect(await store.append(facts(3))).toEqual({
        first_sequence_number: 2n,
        last_sequence_number: 4n,
        committed_count: 3n,
      });
      expect((await store.append(facts(1))).first_sequence_number).toBe(5n);
      expect(await numbersOf(store, {})).toEqual(upTo(5));
    });

    it('keeps the order of a batch', async () => {
      const store = await openStore();
      await store.append(['c', 'a', 'b'].map((type) => fact(type)));
      const { event_records } = await store.query({});
      expect(event_records.map((record) => record.event_type)).toEqual(['c', 'a', 'b']);
    });

    it('uses no number and leaves nothing when it fails', async () => {
      const store = await openStore();
      await store.append(facts(2));
      await errorOf(() => store.append([fact('good'), fact('good'), fact('bad', NaN)]));
      await errorOf(() => store.appendIf([fact('good'), fact('')], {}, 2n));
      expect(await headOf(store)).toBe(2n);
      expect((await store.append(facts(1))).first_sequence_number).toBe(3n);
      expect(await numbersOf(store, {})).toEqual([1, 2, 3]);
    });

    it('takes a full batch of 10,000 facts', async () => {
      const store = await openStore();
      const result = await store.append(facts(10_000));
      expect(result.committed_count).toBe(10_000n);
      expect(await numbersOf(store, { min_sequence_number: 9_998n })).toEqual([9_999, 10_000]);
    });

    it('says when in RFC 3339, in UTC, never going backwards', async () => {
      const store = await openStore();
      const before = Date.now();
      for (let n = 0; n < 5; n++) await store.append(facts(2));
      const after = Date.now();
      const times = (await store.query({})).event_records.map((record) => record.occurred_at);
      for (const time of times) {
        expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|\+00:00)$/);
        expect(Date.parse(time)).toBeGreaterThanOrEqual(before - 1);
        expect(Date.parse(time)).toBeLessThanOrEqual(after + 1);
      }
      const parsed = times.map((time) => Date.parse(time));
      expect(parsed).toEqual([...parsed].sort((a, b) => a - b));
    });

    it('keeps event types to the letter', async () => {
      const store = await openStore();
      const types = ['a', 'A', ' a', 'a ', 'á', 'a\u0301', '🍖 Řízek', "'; DROP TABLE events; --"];
      await store.append(types.map((type) => fact(type)));
      const { event_records } = await store.query({});
      expect(event_records.map((record) => record.event_type)).toEqual(types);
      for (const [index, type] of types.entries()) {
        expect(await numbersOf(store, { filters: [{ event_types: [type] }] })).toEqual([index + 1]);
      }
    });
  });

  describe('payloads', () => {
    const openStore = conformance.stores();

    async function roundTrip(store: ConformingStore, payload: unknown): Promise<unknown> {
      const { last_sequence_number } = await store.append([fact('kept', payload)]);
      const { event_records } = await store.query({
        min_sequence_number: last_sequence_number - 1n,
      });
      return event_records[0]!.payload;
    }

    it.each([
      ['null', null],
      ['true', true],
      ['false', false],
      ['a number', 42],
      ['a text', 'just text'],
      ['the empty text', ''],
      ['an empty object', {}],
      ['an empty array', []],
      ['nested values', { a: [1, { b: [[], {}, null] }], c: { d: { e: 'f' } } }],
      ['control characters', { text: '\u0001\b\t\n\f\r"\\/\u007f\u2028\u2029' }],
      ['text of every plane', { größe: 'Žluťoučký kůň 🐎', '😀': '\uffff\u{10ffff}' }],
      ['dotted, quoted, empty and numeric keys', { 'a.b': 1, 'c"d': 2, "e'f": 3, '': 4, '0': 5 }],
      ['text that looks like JSON', '{"a":1}'],
      ['text that looks like a number', '1e3'],
      ['safe integers', [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]],
      ['large and tiny doubles', [1.7976931348623157e308, -1e300, 5e-324, 1e-7, 1e21, 2 ** 63]],
      ['fractions', [0.1, 0.30000000000000004, 19.99, -2.5, 1 / 3, 123456789.12345679]],
    ])('come back as they were: %s', async (_, payload) => {
      const store = await openStore();
      expect(await roundTrip(store, payload)).toStrictEqual(payload);
    });

    it('may have members that JavaScript’s objects inherit', async () => {
      const store = await openStore();
      const text =
        '{"__proto__":{"polluted":true},"constructor":{"name":1},"toString":null,"hasOwnProperty":2}';
      const payload = await roundTrip(store, JSON.parse(text));
      expect(Object.keys(payload as object).sort()).toEqual(Object.keys(JSON.parse(text)).sort());
      expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
      expect(Object.getOwnPropertyDescriptor(payload, '__proto__')?.value).toEqual({
        polluted: true,
      });
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    it('are taken as JSON.stringify takes them', async () => {
      const store = await openStore();
      class Money {
        readonly #cents = 1999;
        readonly currency = 'EUR';
        toJSON(): unknown {
          return { cents: this.#cents, currency: this.currency };
        }
      }
      const payload = {
        absent: undefined,
        when: new Date(Date.UTC(2026, 0, 2)),
        price: new Money(),
        boxed: [new Number(1), new String('x'), new Boolean(false)],
        zero: -0,
        [Symbol('skipped')]: 1,
        bare: Object.assign(Object.create(null) as object, { a: 1 }),
      };
      const kept = await roundTrip(store, payload);
      expect(kept).toStrictEqual({
        when: '2026-01-02T00:00:00.000Z',
        price: { cents: 1999, currency: 'EUR' },
        boxed: [1, 'x', false],
        zero: 0,
        bare: { a: 1 },
      });
      expect(Object.is((kept as { zero: number }).zero, 0)).toBe(true);
    });

    it('may be nested 127 levels deep', async () => {
      const store = await openStore();
      const deep = JSON.parse('['.repeat(127) + ']'.repeat(127)) as unknown;
      expect(await roundTrip(store, deep)).toEqual(deep);
    });
  });

  describe('ownership', () => {
    const openStore = conformance.stores();

    it('does not keep, freeze or change what it was given', async () => {
      const store = await openStore();
      const payload = { sku: 'a', tags: ['x'] };
      const event = { event_type: 'added', payload };
      const batch = [event];
      const query = { filters: [{ event_types: ['added'], payload_predicates: [{ sku: 'a' }] }] };
      const before = structuredClone({ batch, query });
      await store.append(batch);
      await store.appendIf(batch, query, 1n);
      await store.query(query);
      expect({ batch, query }).toEqual(before);

      payload.sku = 'changed';
      payload.tags.push('changed');
      event.event_type = 'changed';
      batch.push(event);
      expect((await store.query({})).event_records.map((record) => record.payload)).toEqual([
        { sku: 'a', tags: ['x'] },
        { sku: 'a', tags: ['x'] },
      ]);
    });

    it('takes frozen input', async () => {
      const store = await openStore();
      const event = Object.freeze({ event_type: 'added', payload: Object.freeze({ sku: 'a' }) });
      await store.append(Object.freeze([event]) as unknown as (typeof event)[]);
      expect(await headOf(store)).toBe(1n);
    });

    it('gives every caller values of its own', async () => {
      const store = await openStore();
      await store.append([fact('added', { sku: 'a', tags: ['x'] })]);
      const first = await store.query({});
      const record = first.event_records[0]!;
      (record.payload as { sku: string }).sku = 'changed';
      (record.payload as { tags: string[] }).tags.push('changed');
      record.event_type = 'changed';
      first.event_records.length = 0;
      const again = (await store.query({})).event_records[0]!;
      expect(again.event_type).toBe('added');
      expect(again.payload).toEqual({ sku: 'a', tags: ['x'] });
    });
  });
}
