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
import type { EventRecord, FactStore } from 'nestjs-factstr';
import { join } from 'node:path';
import { until } from '../../support/waiting/until.js';
import { Fixtures } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

type Method = (...given: unknown[]) => unknown;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A Proxy that does nothing. */
function bare(instance: unknown): unknown {
  return isObject(instance) ? new Proxy(instance, {}) : instance;
}

const traces: string[] = [];
afterEach(() => {
  traces.length = 0;
});

/** As tracers do it: every method is called on whatever it was called on, and noted. */
function traced(instance: unknown): unknown {
  if (!isObject(instance)) return instance;
  return new Proxy(instance, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver);
      if (typeof value !== 'function' || key === 'constructor') return value;
      return function (this: unknown, ...given: unknown[]) {
        traces.push(`${target.constructor.name}.${String(key)}`);
        return (value as Method).apply(this, given);
      };
    },
  });
}

@Injectable()
class Handlers {
  readonly live = new Inbox();
  readonly durable = new Inbox();

  constructor(readonly store: FactstrStore) {}

  @OnFacts()
  onFacts(facts: EventRecord[]) {
    this.live.handle(facts);
  }

  @DurableProjection({ name: 'all', query: {} })
  project(facts: EventRecord[]) {
    this.durable.handle(facts);
  }
}

const decorators = [
  ['does nothing', bare],
  ['traces every method', traced],
] as const;

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];

const stores: Record<ProviderName, () => Promise<FactStore & { close(): unknown }>> = {
  memory: async () => new FactstrMemoryStore(),
  sqlite: async () => new FactstrSqliteStore(join(await fixtures.folder(), 'facts.sqlite')),
  postgres: async () => new FactstrPostgresStore((await fixtures.database()).url),
};

describe.each(decorators)('A store behind a Proxy that %s', (_what, decorator) => {
  it.each(providers)('works on %s, also as a custom provider', async (provider) => {
    const original = await stores[provider]();
    fixtures.later(() => original.close());
    const store = decorator(original) as FactStore;
    const received = new Inbox();
    const subscription = store.streamAll((facts) => received.handle(facts));
    await subscription.started;
    await store.append([{ event_type: 'x', payload: { n: 1 } }]);
    const { current_context_version } = await store.query({});
    const { conflict } = await store.appendIf([{ event_type: 'x', payload: {} }], {}, null);
    expect([current_context_version, conflict?.actual_context_version]).toEqual([1n, 1n]);
    await received.holds(1);
    subscription.unsubscribe();
    const replayed = new Inbox();
    await store.streamToDurable({ name: 'bare' }, {}, (facts) => replayed.handle(facts));
    await replayed.holds(1);

    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'custom', store })],
      providers: [Handlers],
    });
    const { durable, live } = app.get(Handlers);
    await app.get(FactstrStore).append([{ event_type: 'y', payload: {} }]);
    await durable.holds(1, 2);
    await live.holds(2);
    const projections = app.get(FactstrProjections);
    await projections.rebuild('all');
    await durable.holds(1, 2, 1, 2);
    await until(
      async () => (await projections.status('all')).state === 'live',
      () => 'the projection to be live',
    );
    await app.close();
    await store.close?.();
    expect(() => original.streamAll(() => undefined)).toThrow(
      expect.objectContaining({ code: 'STORE_CLOSED' }),
    );
  });
});

describe('Members that work behind a Proxy', () => {
  it('are those of the class: what a subclass overrides, or a test replaces, is called', async () => {
    class Loud extends FactstrMemoryStore {
      readonly heard: number[] = [];

      override append(...given: Parameters<FactstrMemoryStore['append']>) {
        this.heard.push(given[0].length);
        return super.append(...given);
      }
    }
    const store = new Loud();
    const service = FactstrStore.of(store);
    await service.append([{ event_type: 'x', payload: {} }]);
    expect(store.heard).toEqual([1]);
    // Nothing of it shows.
    expect(Object.keys(service)).toEqual([]);

    const original = Object.getOwnPropertyDescriptor(FactstrStore.prototype, 'query')!;
    Object.defineProperty(FactstrStore.prototype, 'query', {
      ...original,
      value: async () => 'replaced',
    });
    try {
      expect(await service.query({})).toBe('replaced');
    } finally {
      Object.defineProperty(FactstrStore.prototype, 'query', original);
    }
    await service.close();
  });
});
