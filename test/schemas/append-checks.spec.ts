import { describe, expect, it } from '@jest/globals';
import { FactstrMemoryStore, FactstrStore, defineFacts, foreignFact } from 'nestjs-factstr';
import * as z from 'zod';
import { failureOf } from '../support/failure-of.js';
import { Gate } from '../support/inbox/inbox.js';
import { until } from '../support/waiting/until.js';
import { KINDS } from './support/services.js';

const Name = z.object({ name: z.string(), extra: z.string().default('none') });
const named = (name: string) => ({ event_type: 'named', payload: { name } });
const plain = (name: string) => ({ event_type: 'plain', payload: { name } });

/** Facts whose check waits for the gate of their name. */
function gated() {
  const gates = new Map<string, Gate>();
  const checked: unknown[] = [];
  const facts = defineFacts({
    named: {
      schema: Name,
      checkAppend: async (payload) => {
        checked.push(payload);
        await gates.get(payload.name)?.passed;
        if (payload.name === 'broken') throw new RangeError('the registry does not answer');
        return payload.name !== 'taken';
      },
    },
    plain: Name,
    quick: { schema: Name, checkAppend: ({ name }) => name !== 'taken' },
  });
  const gate = (name: string): Gate => {
    const made = new Gate();
    gates.set(name, made);
    return made;
  };
  return { facts, gate, checked };
}

describe.each(KINDS)('A check on append, on $name', (kind) => {
  it('sees the payload as it will be read, and may refuse it', async () => {
    const { facts, checked } = gated();
    const { service, stored } = await kind.open(facts);
    await service.append([named('free'), plain('x')]);
    expect(checked).toEqual([{ name: 'free', extra: 'none' }]);
    for (const event_type of ['named', 'quick']) {
      const taken = { event_type, payload: { name: 'taken' } };
      const refused = { code: 'INVALID_FACT', event_type, paths: ['$'] };
      expect(await failureOf(() => service.append([plain('y'), taken]))).toMatchObject(refused);
      expect(await failureOf(() => service.appendIf([taken], {}, 2n))).toMatchObject(refused);
      expect(await failureOf(() => service.decide({}, () => [taken]))).toMatchObject(refused);
    }
    expect(await failureOf(() => service.append([named('broken')]))).toEqual(
      new RangeError('the registry does not answer'),
    );
    const unfit = { event_type: 'named', payload: {} };
    expect(await failureOf(() => service.append([unfit]))).toMatchObject({
      code: 'INVALID_FACT',
      paths: ['$.name'],
    });
    expect((await stored.query({})).event_records.map(({ payload }) => payload)).toEqual([
      { name: 'free' },
      { name: 'x' },
    ]);
  });

  it('keeps the place of its append, and what was appended', async () => {
    const { facts, gate } = gated();
    const { service } = await kind.open(facts);
    const [first, third] = [gate('first'), gate('third')];
    const event = named('first');
    const foreign = foreignFact('foreign', { name: 'fifth' });
    const waiting = plain('second');
    const appends = [
      service.append([event]),
      service.append([waiting]),
      service.append([named('third')]),
      service.append([named('taken')]).catch(() => null),
      service.append([foreign]),
      service.appendIf([plain('sixth')], { filters: [{ event_types: ['x'] }] }, null),
    ];
    event.payload.name = 'changed';
    waiting.payload.name = 'changed';
    third.open();
    first.open();
    await Promise.all(appends);
    await service.append([plain('seventh')]);
    const { event_records } = await service.query({});
    expect(event_records.map(({ payload }) => (payload as { name: string }).name)).toEqual([
      'first',
      'second',
      'third',
      'fifth',
      'sixth',
      'seventh',
    ]);
  });
});

it('A check that appends to its own store is refused, and does not wait for itself', async () => {
  const facts = defineFacts({
    named: {
      schema: Name,
      checkAppend: async ({ name }) => {
        await Promise.resolve();
        if (name === 'outer') await service.append([plain('inner')]);
      },
    },
    plain: Name,
  });
  const service: FactstrStore<object> = FactstrStore.of(new FactstrMemoryStore({ facts }));
  expect(await failureOf(() => service.append([named('outer')]))).toMatchObject({
    code: 'INVALID_OPTIONS',
    message: expect.stringContaining('checkAppend appended to the store'),
  });
  await service.append([named('other')]);
});

it('A check that is asynchronous is refused by methods that cannot wait', async () => {
  const { facts } = gated();
  const store = new FactstrMemoryStore({ facts });
  expect(await failureOf(() => store.append([named('free')]))).toMatchObject({
    code: 'INVALID_FACT',
    message: expect.stringContaining('Append with FactstrStore'),
  });
  store.append([{ event_type: 'quick', payload: { name: 'free' } }]);
  expect(
    await failureOf(() => store.append([{ event_type: 'quick', payload: { name: 'taken' } }])),
  ).toMatchObject({ code: 'INVALID_FACT' });
  expect(store.query({}).event_records).toHaveLength(1);
});

it('Without a check that is pending an append enters its store at once', async () => {
  const { facts, gate } = gated();
  const store = new FactstrMemoryStore({ facts });
  const service: FactstrStore<object> = FactstrStore.of(store);
  const appended = service.append([plain('a')]);
  expect(store.query({}).event_records).toHaveLength(1);
  await appended;
  const first = gate('first');
  const pending = [service.append([named('first')]), service.append([plain('b')])];
  expect(store.query({}).event_records).toHaveLength(1);
  first.open();
  await Promise.all(pending);
  void service.append([plain('c')]);
  await until(
    () => store.query({}).event_records.length === 4,
    () => 'the last append',
  );
});

describe('A check of the log', () => {
  const facts = defineFacts({ plain: Name });

  it('counts what has no schema, of the first hundred types by name', async () => {
    const stored = new FactstrMemoryStore();
    const service: FactstrStore<object> = FactstrStore.of(stored, { facts });
    expect(await service.check()).toEqual({
      head: 0n,
      facts: 0,
      unread: [],
      unregistered: [],
      other: 0,
    });
    stored.append(
      Array.from({ length: 120 }, (_, index) => ({ event_type: `t${index}`, payload: 1 })),
    );
    for (let index = 0; index < 12; index++) {
      stored.append([
        { event_type: 'plain', payload: { [`key${index}`]: 'hunter2', name: index } },
      ]);
    }
    stored.append([{ event_type: 't0', payload: 1 }, plain('fits')]);
    const { unread, unregistered, other, head } = await service.check();
    expect(unread).toEqual([
      {
        event_type: 'plain',
        count: 12,
        numbers: Array.from({ length: 10 }, (_, index) => BigInt(121 + index)),
        paths: ['$.name'],
      },
    ]);
    expect(unregistered).toHaveLength(100);
    expect(unregistered[0]).toEqual({ event_type: 't0', count: 2 });
    expect(other).toBe(20);
    expect(head).toBe(134n);
  });

  it('ends by its signal, and needs schemas', async () => {
    const stored = new FactstrMemoryStore();
    const service: FactstrStore<object> = FactstrStore.of(stored, { facts });
    stored.append([plain('a')]);
    const signal = AbortSignal.abort(new RangeError('enough'));
    await expect(service.check({ signal })).rejects.toThrow('enough');
    await expect(FactstrStore.of(stored).check()).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });
});
