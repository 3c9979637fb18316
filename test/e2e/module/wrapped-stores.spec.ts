import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  DurableProjection,
  FactstrMemoryStore,
  FactstrModule,
  FactstrPostgresStore,
  FactstrProjections,
  FactstrSqliteStore,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  EventQuery,
  EventRecord,
  EventStreamSubscription,
  FactStore,
  MaybePromise,
  NewEvent,
  QueryResult,
  StoreCapabilities,
  StreamHandler,
} from 'nestjs-factstr';
import { join } from 'node:path';
import pg from 'pg';
import { Fixtures } from '../../support/fixtures/applications.js';
import { Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** What the wrappers below saw. */
const seen: string[] = [];
afterEach(() => {
  seen.length = 0;
});

type Method = (...given: unknown[]) => unknown;
const METHODS = ['append', 'appendIf', 'query', 'streamTo', 'close'] as const;

/** A user's class around a store: it has nothing of that store but the contract and its capabilities. */
class Delegating implements FactStore {
  readonly #inner: FactStore;

  constructor(inner: FactStore) {
    this.#inner = inner;
  }

  get capabilities(): StoreCapabilities | undefined {
    return this.#inner.capabilities;
  }

  append(events: NewEvent[], options?: AppendOptions): MaybePromise<AppendResult> {
    seen.push('append');
    return this.#inner.append(events, options);
  }

  appendIf(
    events: NewEvent[],
    query: EventQuery,
    version?: bigint | null,
    options?: AppendOptions,
  ): MaybePromise<AppendIfResult> {
    seen.push('appendIf');
    return this.#inner.appendIf(events, query, version, options);
  }

  query(query: EventQuery): MaybePromise<QueryResult> {
    seen.push('query');
    return this.#inner.query(query);
  }

  streamAll(handle: StreamHandler): EventStreamSubscription {
    return this.#inner.streamAll(handle);
  }

  streamTo(query: EventQuery, handle: StreamHandler): EventStreamSubscription {
    seen.push('streamTo');
    return this.#inner.streamTo(query, handle);
  }

  streamAllDurable(...given: Parameters<FactStore['streamAllDurable']>) {
    return this.#inner.streamAllDurable(...given);
  }

  streamToDurable(...given: Parameters<FactStore['streamToDurable']>) {
    return this.#inner.streamToDurable(...given);
  }

  close(): MaybePromise<void> {
    seen.push('close');
    return this.#inner.close();
  }
}

/** As a tracer does it. */
function proxied(store: FactStore): FactStore {
  return new Proxy(store, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver);
      if (!METHODS.some((name) => name === key)) return value;
      return (...given: unknown[]): unknown => {
        seen.push(String(key));
        return (value as Method).apply(target, given);
      };
    },
  });
}

type StoreClass = new (...given: never[]) => FactStore;

/** A subclass that overrides the methods. */
function extending(Store: StoreClass): StoreClass {
  class Extended extends Store {}
  for (const name of METHODS) {
    const method = Store.prototype[name] as Method;
    Object.defineProperty(Extended.prototype, name, {
      value: function (this: FactStore, ...given: unknown[]): unknown {
        seen.push(name);
        return method.apply(this, given);
      },
    });
  }
  return Extended;
}

/** As a test's double: the object's own methods are replaced. */
function patched(store: FactStore): FactStore {
  for (const name of METHODS) {
    const method = store[name] as Method;
    Object.defineProperty(store, name, {
      value: (...given: unknown[]): unknown => {
        seen.push(name);
        return method(...given);
      },
    });
  }
  return store;
}

type Open = (extend: typeof extending) => Promise<FactStore>;
const same: typeof extending = (Store) => Store;

const providers: Record<string, Open> = {
  memory: async (extend) => new (extend(FactstrMemoryStore))(),
  sqlite: async (extend) => {
    const path = join(await fixtures.folder(), 'facts.sqlite');
    return new (extend(FactstrSqliteStore))(path as never);
  },
  postgres: async (extend) => {
    const { url } = await fixtures.database();
    return new (extend(FactstrPostgresStore))(url as never);
  },
};

const wrappers: Record<string, (open: Open) => Promise<FactStore>> = {
  'a class of the user’s that hands its capabilities on': async (open) =>
    new Delegating(await open(same)),
  'a Proxy': async (open) => proxied(await open(same)),
  'a subclass': (open) => open(extending),
  'methods that were replaced': async (open) => patched(await open(same)),
};

@Injectable()
class Handlers {
  readonly live = new Inbox();
  readonly durable = new Inbox();

  @OnFacts('x')
  onFacts(facts: EventRecord[]) {
    this.live.handle(facts);
  }

  @DurableProjection({ name: 'all', query: 'x', onFailure: 'park', version: 2 })
  project(facts: EventRecord[]) {
    this.durable.handle(facts);
  }
}

const x = [{ event_type: 'x', payload: {} }];
const ofX = { filters: [{ event_types: ['x'] }] };

describe.each(Object.keys(providers))('A store on %s', (provider) => {
  it.each(Object.keys(wrappers))(
    'works in a module as it did, and each call passes its wrapper: %s',
    async (wrapper) => {
      const made = await wrappers[wrapper]!(providers[provider]!);
      const app = await fixtures.app({
        imports: [FactstrModule.forRoot({ provider: 'custom', store: () => made })],
        providers: [Handlers],
      });
      const store = app.get(FactstrStore);
      const { live, durable } = app.get(Handlers);
      expect(seen.splice(0)).toEqual(['streamTo']);

      await store.append(x, { appendId: 'one' });
      expect(await store.append(x, { appendId: 'one' })).toMatchObject({
        last_sequence_number: 1n,
      });
      expect(seen.splice(0)).toEqual(['append', 'append']);
      expect(await store.appendIf(x, ofX, null)).toMatchObject({
        conflict: { actual_context_version: 1n },
      });
      expect(await store.decide(ofX, () => x)).toMatchObject({ last_sequence_number: 2n });
      expect(seen.splice(0)).toEqual(['appendIf', 'query', 'appendIf']);
      const read: bigint[] = [];
      for await (const fact of store.read(ofX, { pageSize: 1 })) read.push(fact.sequence_number);
      expect(read).toEqual([1n, 2n]);
      expect(seen.splice(0)).toEqual(['query']);

      await live.holds(1, 2);
      await durable.holds(1, 2);
      const projections = app.get(FactstrProjections);
      expect((await projections.list())[0]).toMatchObject({
        head: 2n,
        owner: { self: true },
        parked: 0,
      });
      await projections.pause('all');
      await projections.resume('all');
      await app.close();
      expect(seen).toEqual(['close']);
      await expect(async () => made.append(x)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    },
  );
});

it('A wrapped store on Postgres appends inside the application’s transaction', async () => {
  const { url } = await fixtures.database();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  fixtures.later(() => client.end());
  for (const wrapper of Object.keys(wrappers)) {
    const raw = await wrappers[wrapper]!(
      async (extend) => new (extend(FactstrPostgresStore))(url as never),
    );
    const store = FactstrStore.of(raw);
    fixtures.later(() => store.close());
    const { current_context_version } = await store.query({});
    await client.query('BEGIN');
    await store.append(x, { manager: client });
    await client.query('ROLLBACK');
    expect(await store.query({})).toMatchObject({ current_context_version });
    await client.query('BEGIN');
    await store.append(x, { manager: client });
    await client.query('COMMIT');
    expect((await store.query({})).current_context_version).toBe(
      (current_context_version ?? 0n) + 1n,
    );
  }
});

it('A wrapper’s own promises go before its methods', async () => {
  const path = join(await fixtures.folder(), 'facts.sqlite');
  const inner = new FactstrSqliteStore(path);
  const { promises } = inner;
  class Promised extends Delegating {
    override get capabilities(): StoreCapabilities {
      const append: typeof promises.append = async (...given) => {
        seen.push('promises.append');
        return promises.append(...given);
      };
      return { ...inner.capabilities, promises: { ...promises, append } };
    }
  }
  const store = FactstrStore.of(new Promised(inner));
  fixtures.later(() => store.close());
  await store.append(x);
  await store.query({});
  expect(seen).toEqual(['promises.append']);
});
