import { afterEach, describe, expect, it } from '@jest/globals';
import { lastValueFrom, of } from 'rxjs';
import {
  ApplyFact,
  DurableProjection,
  FactstrJsonInterceptor,
  FactstrModule,
  FactstrStore,
} from 'nestjs-factstr';
import type { EventQuery, EventRecord, FactstrOptions } from 'nestjs-factstr';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import type { ProviderName } from '../support/fixtures/applications.js';
import { contentOf } from '../support/history/content.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** What every object inherits, or code may take for more than data. */
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
  'length',
];
/** Through text: an assignment would take `__proto__` for the prototype. */
const within = (key: string, value: unknown): unknown =>
  JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`);
const payloads = KEYS.flatMap((key) => [
  within(key, { polluted: true }),
  within(key, null),
  within(key, ['polluted']),
  { nested: [{ list: [within(key, within(key, { polluted: 'deep' }))] }] },
]);

/** Everything that an object or an array has of its own prototype. */
const inherited = (): unknown =>
  [Object.prototype, Array.prototype, Function.prototype].map((prototype) =>
    Reflect.ownKeys(prototype),
  );

const containing = (...payload_predicates: unknown[]): EventQuery => ({
  filters: [{ payload_predicates }],
});

/** Whether it and all that it holds is frozen, members that are called like inherited ones included. */
function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

async function open(options: FactstrOptions, ...providers: (new () => object)[]) {
  const app = await fixtures.app({ imports: [FactstrModule.forRoot(options)], providers });
  return { app, store: app.get(FactstrStore) };
}

describe.each<ProviderName>(['memory', 'sqlite', 'postgres'])(
  'On %s members with inherited names',
  (provider) => {
    it('are stored, answered and sent as data, and nothing inherits them', async () => {
      const before = inherited();
      const { store } = await open(await optionsOf(provider, fixtures));
      await store.append(payloads.map((payload) => ({ event_type: 'noted', payload })));
      const result = await store.query({});
      const sent = await lastValueFrom(
        new FactstrJsonInterceptor().intercept(undefined as never, { handle: () => of(result) }),
      );
      const received = JSON.parse(JSON.stringify(sent)) as { event_records: EventRecord[] };
      for (const { event_records } of [result, received]) {
        expect(event_records.map(contentOf)).toEqual(
          payloads.map((payload) => contentOf({ event_type: 'noted', payload })),
        );
        for (const { payload } of event_records) {
          expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
        }
      }
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      expect(inherited()).toEqual(before);
    });

    it('match only where a fact has them, for queries and decisions', async () => {
      const { store } = await open(await optionsOf(provider, fixtures));
      await store.append([
        { event_type: 'noted', payload: {} },
        { event_type: 'noted', payload: { nested: [{}] } },
        ...payloads.map((payload) => ({ event_type: 'noted', payload })),
      ]);
      for (const key of KEYS) {
        const first = 3 + KEYS.indexOf(key) * 4;
        const expected: [unknown, number[]][] = [
          [within(key, {}), [first]],
          [within(key, { polluted: true }), [first]],
          [within(key, { polluted: 'deep' }), []],
          [within(key, null), [first + 1]],
          [within(key, []), [first + 2]],
          [{ nested: [{ list: [within(key, {})] }] }, [first + 3]],
          [{ nested: [within(key, {})] }, []],
        ];
        for (const [predicate, numbers] of expected) {
          const query = containing(predicate);
          const { event_records, current_context_version } = await store.query(query);
          expect(event_records.map(({ sequence_number }) => Number(sequence_number))).toEqual(
            numbers,
          );
          const last = numbers.at(-1);
          expect(current_context_version).toBe(last === undefined ? null : BigInt(last));
          const stale = last === undefined ? 1n : null;
          const { conflict } = await store.appendIf(
            [{ event_type: 'x', payload: 0 }],
            query,
            stale,
          );
          expect(conflict?.actual_context_version).toBe(current_context_version);
        }
      }
    });

    it('reach handlers, deeply frozen, by their types and their payloads', async () => {
      const seen: EventRecord[] = [];
      @DurableProjection({ name: 'constructor' })
      class Named {
        @ApplyFact(['__proto__', 'constructor', 'toString'])
        apply(fact: EventRecord): void {
          seen.push(fact);
        }
      }
      const { store } = await open(await optionsOf(provider, fixtures), Named);
      const live: EventRecord[] = [];
      await store.streamTo(containing(...KEYS.map((key) => within(key, {}))), (facts) => {
        live.push(...facts);
      });
      const types = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
      const facts = types.flatMap((event_type) =>
        payloads.map((payload) => ({ event_type, payload })),
      );
      await store.append(facts);
      const [wanted, matching] = [3 * payloads.length, types.length * KEYS.length];
      await until(
        () => seen.length >= wanted && live.length >= matching,
        () => `${wanted} and ${matching} facts; ${seen.length} and ${live.length} came`,
      );
      expect(seen.map(contentOf)).toEqual(facts.slice(0, wanted).map(contentOf));
      expect(live).toHaveLength(matching);
      expect([...seen, ...live].every(isDeeplyFrozen)).toBe(true);
      expect(() => Object.assign(seen[0]!.payload as object, { more: 1 })).toThrow(TypeError);
    });
  },
);
