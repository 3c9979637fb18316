import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable, Module } from '@nestjs/common';
import { FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { FactstrOptions, FactstrOptionsFactory } from 'nestjs-factstr';
import { FactstrMemoryStore } from '../../../lib/stores/memory/store.js';
import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { Fixtures } from '../../support/fixtures/applications.js';
import { liveAndDurable } from '../../support/fixtures/live-and-durable.js';
import { asynchronousStore, synchronousStore } from '../../support/fixtures/hand-written-stores.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const added = (sku: string) => ({ event_type: 'item-added', payload: { sku } });

const Recorder = liveAndDurable('items', 'item-added');

describe('FactstrModule.forRoot', () => {
  it('is a memory store without options', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()] });
    const store = app.get(FactstrStore);
    await store.append([added('a')]);
    expect(store.raw).toBeInstanceOf(FactstrMemoryStore);
    expect((await store.query({})).event_records).toMatchObject([{ payload: { sku: 'a' } }]);
  });

  it('takes { provider: "sqlite", path }, and creates parent folders', async () => {
    const path = join(await fixtures.folder(), 'new', 'facts.sqlite');
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'sqlite', path })],
    });
    await app.get(FactstrStore).append([added('a')]);
    expect(app.get(FactstrStore).raw).toBeInstanceOf(FactstrSqliteStore);
    expect(existsSync(path)).toBe(true);
  });

  it('takes { provider: "postgres", url, … }', async () => {
    const { url } = await fixtures.database();
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRoot({
          provider: 'postgres',
          url,
          pool: { max: 3, application_name: 'forms' },
          pollInterval: 500,
          connectionTimeout: 4_000,
        }),
      ],
    });
    await app.get(FactstrStore).append([added('a')]);
    expect(app.get(FactstrStore).raw).toBeInstanceOf(FactstrPostgresStore);
  });

  it('opens nothing in its own body, only in the factory', async () => {
    const path = join(await fixtures.folder(), 'facts.sqlite');
    FactstrModule.forRoot({ provider: 'sqlite', path });
    expect(existsSync(path)).toBe(false);
  });

  it('passes limits on', async () => {
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'memory', limits: { maxBatchFacts: 1 } })],
    });
    await expect(app.get(FactstrStore).append([added('a'), added('b')])).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });
});

describe('provider "custom"', () => {
  for (const [kind, make] of [
    ['synchronous', synchronousStore],
    ['asynchronous', asynchronousStore],
  ] as const) {
    it(`takes a ${kind} object with the contract, which delivers to both decorators`, async () => {
      const { store, closed, cursors } = make();
      const app = await fixtures.app({
        imports: [FactstrModule.forRoot({ provider: 'custom', store })],
        providers: [Recorder],
      });
      const service = app.get(FactstrStore);
      const { live, durable } = app.get(Recorder);

      const first = service.append([added('a'), { event_type: 'other', payload: {} }, added('b')]);
      expect(first).toBeInstanceOf(Promise);
      expect(await first).toMatchObject({ last_sequence_number: 3n });
      await service.append([added('c')]);
      await live.holds(1, 3, 4);
      await durable.holds(1, 3, 4);
      expect(await service.query({ min_sequence_number: 2n })).toMatchObject({
        event_records: [{ sequence_number: 3n }, { sequence_number: 4n }],
        current_context_version: 4n,
      });
      expect(await service.appendIf([added('d')], {}, 1n)).toMatchObject({
        conflict: { actual_context_version: 4n },
      });
      const read: bigint[] = [];
      for await (const fact of service.read({})) read.push(fact.sequence_number);
      expect(read).toEqual([1n, 2n, 3n, 4n]);
      expect(await app.get(FactstrProjections).status('items')).toMatchObject({
        state: 'live',
        position: 4n,
        head: null,
        lag: null,
      });
      await app.close();
      expect(cursors.get('items')).toBe(2);
      expect(closed()).toBe(0);
    });
  }

  it('pauses and resumes a projection of a custom store', async () => {
    const { store } = asynchronousStore();
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'custom', store })],
      providers: [Recorder],
    });
    const { durable, live } = app.get(Recorder);
    const projections = app.get(FactstrProjections);
    await store.append([added('a')]);
    await durable.holds(1);
    await projections.pause('items');
    await store.append([added('b')]);
    await live.holds(1, 2);
    expect(durable.flat).toEqual([1]);
    await projections.resume('items');
    await durable.holds(1, 2);
  });

  it('closes what its factory made, once', async () => {
    const made = synchronousStore();
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'custom', store: async () => made.store })],
    });
    await app.get(FactstrStore).append([added('a')]);
    await app.close();
    await app.close();
    expect(made.closed()).toBe(1);
  });

  it('takes one of our own stores, and leaves it open', async () => {
    const store = new FactstrMemoryStore();
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'custom', store })],
      providers: [Recorder],
    });
    store.append([added('a')]);
    await app.get(Recorder).durable.holds(1);
    await app.close();
    expect(store.append([added('b')])).toMatchObject({ first_sequence_number: 2n });
    void store.close();
  });
});

describe('FactstrModule.forRootAsync', () => {
  @Injectable()
  class Settings {
    readonly limit = 1;
  }

  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  @Injectable()
  class FactstrSettings implements FactstrOptionsFactory {
    createFactstrOptions(): FactstrOptions {
      return { provider: 'memory', limits: { maxBatchFacts: 1 } };
    }
  }

  @Module({ providers: [FactstrSettings], exports: [FactstrSettings] })
  class FactstrSettingsModule {}

  const limited = async (store: FactstrStore) =>
    expect(store.append([added('a'), added('b')])).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });

  it('takes useFactory with inject and imports', async () => {
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async (settings: Settings) => ({
            provider: 'memory',
            limits: { maxBatchFacts: settings.limit },
          }),
        }),
      ],
    });
    await limited(app.get(FactstrStore));
  });

  it('takes useClass', async () => {
    const app = await fixtures.app({
      imports: [FactstrModule.forRootAsync({ useClass: FactstrSettings })],
    });
    await limited(app.get(FactstrStore));
  });

  it('takes useExisting', async () => {
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRootAsync({
          imports: [FactstrSettingsModule],
          useExisting: FactstrSettings,
        }),
      ],
    });
    await limited(app.get(FactstrStore));
  });

  it('has name and isGlobal outside the factory', async () => {
    @Injectable()
    class Consumer {
      constructor(readonly store: FactstrStore) {}
    }
    @Module({ providers: [Consumer] })
    class Feature {}
    await expect(
      fixtures.app({
        imports: [
          FactstrModule.forRootAsync({
            isGlobal: false,
            useFactory: () => ({ provider: 'memory' }),
          }),
          Feature,
        ],
      }),
    ).rejects.toThrow(/resolve dependencies of the Consumer/);
  });
});

describe('isGlobal', () => {
  @Injectable()
  class Consumer {
    constructor(readonly store: FactstrStore) {}
  }

  @Module({ providers: [Consumer] })
  class Feature {}

  it('is true unless told: every module may inject the store', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot(), Feature] });
    expect(app.get(Consumer, { strict: false }).store).toBeInstanceOf(FactstrStore);
  });

  it('false hides the store from modules that do not import it', async () => {
    await expect(
      fixtures.app({
        imports: [FactstrModule.forRoot({ provider: 'memory', isGlobal: false }), Feature],
      }),
    ).rejects.toThrow(/resolve dependencies of the Consumer/);
  });

  it('false leaves handlers found in every module', async () => {
    @Module({ providers: [Recorder] })
    class Handlers {}
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'memory', isGlobal: false }), Handlers],
    });
    await app.get(FactstrStore, { strict: false }).append([added('a')]);
    await app.get(Recorder, { strict: false }).live.holds(1);
  });
});
