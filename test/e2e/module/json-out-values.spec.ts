import { describe, expect, it } from '@jest/globals';
import { FactstrMemoryStore, toJson } from 'nestjs-factstr';

class Money {
  constructor(readonly cents: bigint) {}

  get euros() {
    return Number(this.cents) / 100;
  }
}

describe('toJson', () => {
  it('gives a value, with decimal text for each bigint', () => {
    expect(toJson(5n)).toBe('5');
    expect(toJson([1n, [2n, { three: 3n }]])).toEqual(['1', ['2', { three: '3' }]]);
    expect(toJson({ a: { b: -1n }, c: 'd' })).toEqual({ a: { b: '-1' }, c: 'd' });
  });

  it('leaves the original as it is, frozen or not', () => {
    const record = Object.freeze({ n: 1n, list: Object.freeze([2n]) });
    expect(toJson(record)).toEqual({ n: '1', list: ['2'] });
    expect(record).toEqual({ n: 1n, list: [2n] });
  });

  it('returns the same object where there is no bigint, and keeps parts without one', () => {
    const part = { deep: [1, 'x', null, undefined, { y: new Date(0) }] };
    expect(toJson(part)).toBe(part);
    const whole = { part, big: 1n };
    expect((toJson(whole) as typeof whole).part).toBe(part);
    const list = [part];
    expect(toJson(list)).toBe(list);
    const instance = new (class Plain {
      x = 1;
    })();
    expect(toJson(instance)).toBe(instance);
    for (const primitive of [1, 'x', true, null, undefined, Symbol.iterator]) {
      expect(toJson(primitive)).toBe(primitive);
    }
    const call = () => 1n;
    expect(toJson(call)).toBe(call);
  });

  it('keeps a copy’s prototype', () => {
    const copy = toJson(new Money(250n)) as Money;
    expect(copy).toBeInstanceOf(Money);
    expect(copy).toMatchObject({ cents: '250' });
  });

  it('takes toJSON’s word, with the key, and leaves a Date a Date', () => {
    const date = new Date(0);
    expect(toJson(date)).toBe(date);
    expect(toJson({ date, n: 1n })).toEqual({ date, n: '1' });
    const keyed = { toJSON: (key: string) => ({ key, n: 1n }) };
    expect(toJson({ some: keyed })).toEqual({ some: { key: 'some', n: '1' } });
    expect(toJson([keyed])).toEqual([{ key: '0', n: '1' }]);
    const itself = {
      n: 1n,
      toJSON() {
        return this;
      },
    };
    expect(JSON.stringify(toJson(itself))).toBe('{"n":"1"}');
  });

  it('leaves cycles to JSON.stringify, and does not mistake repetition for one', () => {
    const cycle: Record<string, unknown> = { n: 1n };
    cycle['self'] = cycle;
    expect(() => JSON.stringify(toJson(cycle))).toThrow(TypeError);
    const shared = { n: 1n };
    expect(toJson([shared, shared])).toEqual([{ n: '1' }, { n: '1' }]);
  });

  it('copies objects without a prototype, and members named like it', () => {
    const bare = Object.assign(Object.create(null) as object, { n: 1n });
    const copy = toJson(bare) as object;
    expect(Object.getPrototypeOf(copy)).toBeNull();
    expect(JSON.stringify(copy)).toBe('{"n":"1"}');

    const named = JSON.parse('{"__proto__":{"polluted":true},"n":1}') as Record<string, unknown>;
    named['n'] = 1n;
    const converted = toJson(named) as Record<string, unknown>;
    expect(converted['polluted']).toBeUndefined();
    expect(JSON.stringify(converted)).toBe('{"__proto__":{"polluted":true},"n":"1"}');
  });

  it('carries every record that a store returns', () => {
    const store = new FactstrMemoryStore();
    store.append([{ event_type: 'x', payload: { nested: { list: [1] } } }]);
    const result = store.query({});
    const json = JSON.parse(JSON.stringify(toJson(result))) as unknown;
    expect(json).toMatchObject({
      event_records: [{ sequence_number: '1', payload: { nested: { list: [1] } } }],
    });
    void store.close();
  });
});
