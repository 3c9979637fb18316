import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import type { DynamicModule, OnModuleInit, Type } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import type { TestingModule } from '@nestjs/testing';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
  getFactstrStoreToken,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { settle, until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';
import { Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

@Injectable()
class Early {
  readonly inbox = new Inbox();

  @OnFacts()
  onFacts(facts: EventRecord[]) {
    this.inbox.handle(facts);
  }
}

@Injectable()
class Late {
  readonly live = new Inbox();
  readonly durable = new Inbox();

  @OnFacts('x')
  onFacts(facts: EventRecord[]) {
    this.live.handle(facts);
  }

  @DurableProjection({ name: 'late', query: 'x' })
  project(facts: EventRecord[]) {
    this.durable.handle(facts);
  }
}

@Module({ providers: [Late] })
class LateModule {}

function load(app: TestingModule, module: Type | DynamicModule) {
  return app.get(LazyModuleLoader).load(() => module, { logger: false });
}

const BROKEN = { provider: 'sqlite', path: '/dev/null/not-a-folder/facts.sqlite' } as const;

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];

describe.each(providers)('On %s, a lazily loaded store that cannot be opened', (provider) => {
  it('leaves the stores and handlers of the running application alone', async () => {
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
      providers: [Early],
    });
    const store = app.get(FactstrStore);
    for (let round = 1; round <= 5; round++) {
      @Module({ imports: [FactstrModule.forRoot({ ...BROKEN, name: `broken ${round}` })] })
      class Broken {}
      await expect(load(app, Broken)).rejects.toThrow(/dev\/null/);
      await store.append([{ event_type: 'x', payload: { round } }]);
    }
    await app.get(Early).inbox.holds(1, 2, 3, 4, 5);
    await app.close();
    await expect(store.query({})).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});

describe('A lazily loaded store', () => {
  it('that is opened and not fit is closed again, and only that one', async () => {
    const early = synchronousStore();
    const late = synchronousStore();
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'custom', store: () => early.store })],
    });
    @Module({
      imports: [
        FactstrModule.forRoot({
          provider: 'custom',
          store: () => late.store,
          // A store that keeps no ids cannot do it.
          idempotentAppends: true,
          name: 'late',
        }),
      ],
    })
    class Unfit {}
    await expect(load(app, Unfit)).rejects.toThrow(/idempotentAppends/);
    expect([early.closed(), late.closed()]).toEqual([0, 1]);
  });

  it('of a name that is taken is refused; the first one goes on', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Early] });
    @Module({ imports: [FactstrModule.forRoot({ provider: 'memory', leaseTtl: 20_000 })] })
    class Twin {}
    await expect(load(app, Twin)).rejects.toThrow(/Two FactstrModule registrations/);
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await app.get(Early).inbox.holds(1);
  });

  it('is closed with the application', async () => {
    const late = synchronousStore();
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()] });
    @Module({
      imports: [FactstrModule.forRoot({ provider: 'custom', store: () => late.store, name: 'l' })],
    })
    class Fine {}
    const ref = await load(app, Fine);
    expect(ref.get(getFactstrStoreToken('l'), { strict: false })).toBeInstanceOf(FactstrStore);
    await app.close();
    expect(late.closed()).toBe(1);
  });

  it('that fails in an onModuleInit and is survived there closes nothing else', async () => {
    @Module({ imports: [FactstrModule.forRoot({ ...BROKEN, name: 'broken' })] })
    class Broken {}
    @Injectable()
    class Optional implements OnModuleInit {
      failure: unknown;

      constructor(readonly loader: LazyModuleLoader) {}

      async onModuleInit() {
        this.failure = await this.loader
          .load(() => Broken, { logger: false })
          .catch((error: unknown) => error);
      }
    }
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot()],
      providers: [Early, Optional],
    });
    expect(app.get(Optional).failure).toMatchObject({ message: expect.stringMatching(/dev.null/) });
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await app.get(Early).inbox.holds(1);
  });
});

describe('Handlers of a lazily loaded module', () => {
  it('are found by start(), which leaves those that run alone', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Early] });
    const store = app.get(FactstrStore);
    await store.append([{ event_type: 'x', payload: 1 }]);
    const late = (await load(app, LateModule)).get(Late);
    const projections = app.get(FactstrProjections);
    await projections.start();
    await projections.start();
    await store.append([{ event_type: 'x', payload: 2 }]);

    await late.live.holds(2);
    await late.durable.holds(1, 2);
    await app.get(Early).inbox.holds(1, 2);
    await settle();
    expect([late.live.flat, late.durable.flat, app.get(Early).inbox.flat]).toEqual([
      [2],
      [1, 2],
      [1, 2],
    ]);
    expect((await projections.list()).map(({ name }) => name)).toEqual(['late']);
    await app.close();
  });

  it('on a store that was loaded with them are found by start()', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()] });
    @Injectable()
    class Audited {
      readonly inbox = new Inbox();

      @OnFacts({ store: 'audit' })
      onFacts(facts: EventRecord[]) {
        this.inbox.handle(facts);
      }
    }
    @Module({
      imports: [FactstrModule.forRoot({ provider: 'memory', name: 'audit' })],
      providers: [Audited],
    })
    class AuditModule {}
    const ref = await load(app, AuditModule);
    await app.get(FactstrProjections).start();
    await ref
      .get<FactstrStore>(getFactstrStoreToken('audit'), { strict: false })
      .append([{ event_type: 'x', payload: 1 }]);
    await ref.get(Audited).inbox.holds(1);
  });

  it('that cannot run are refused by start(), again at each call, and nothing else stops', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Early] });
    @Injectable()
    class Lost {
      @OnFacts({ store: 'nowhere' })
      onFacts() {}
    }
    @Module({ providers: [Lost] })
    class LostModule {}
    await load(app, LostModule);
    const projections = app.get(FactstrProjections);
    await expect(projections.start()).rejects.toThrow(/Lost\.onFacts .*"nowhere"/);
    await expect(projections.start()).rejects.toThrow(/Lost\.onFacts .*"nowhere"/);
    await app.get(FactstrStore).append([{ event_type: 'x', payload: 1 }]);
    await app.get(Early).inbox.holds(1);
    expect(projections.liveHandlers()).toHaveLength(1);
  });

  it('are refused by start() under a name that is taken', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Late] });
    @Injectable()
    class Other {
      @DurableProjection({ name: 'late', query: 'y' })
      project() {}
    }
    @Module({ providers: [Other] })
    class OtherModule {}
    await load(app, OtherModule);
    await expect(app.get(FactstrProjections).start()).rejects.toThrow(
      /"late" .*Late\.project and Other\.project/,
    );
  });

  it('are named in a warning until then, once', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Early] });
    await load(app, LateModule);
    await until(
      () => fixtures.log.of('warn').length > 0,
      () => 'the warning',
    );
    await app.get(FactstrProjections).list();
    expect(fixtures.log.of('warn')).toEqual([
      expect.stringMatching(
        /Late\.onFacts, Late\.project .*loaded after the bootstrap.*FactstrProjections\.start\(\)/,
      ),
    ]);
  });

  it('do not start after the shutdown has begun', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()] });
    await load(app, LateModule);
    const projections = app.get(FactstrProjections);
    await app.close();
    await projections.start();
    expect(projections.liveHandlers().filter(({ running }) => running)).toEqual([]);
  });
});

describe('FactstrModule, loaded lazily as a whole', () => {
  it('says that Nest calls none of its hooks; a store that fails closes no other', async () => {
    const app = await fixtures.app({});
    const first = synchronousStore();
    @Module({
      imports: [
        FactstrModule.forRoot({ provider: 'custom', store: () => first.store, name: 'first' }),
      ],
    })
    class First {}
    await load(app, First);
    expect(fixtures.log.of('warn')).toEqual([
      expect.stringMatching(/FactstrModule was loaded lazily.*forRoot/),
    ]);
    @Module({ imports: [FactstrModule.forRoot({ ...BROKEN, name: 'broken' })] })
    class Broken {}
    await expect(load(app, Broken)).rejects.toThrow(/dev.null/);
    expect(first.closed()).toBe(0);
  });
});

describe('FactstrModule, imported without forRoot', () => {
  it('and registered nowhere, is refused', async () => {
    await expect(
      fixtures.app({ imports: [FactstrModule], providers: [Early] }),
    ).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/FactstrModule .*without forRoot.*forRoot\(/),
    });
  });

  it('beside a registration, is no harm', async () => {
    @Module({ imports: [FactstrModule] })
    class Feature {}
    const app = await fixtures.app({
      imports: [Feature, FactstrModule.forRoot()],
      providers: [Early],
    });
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await app.get(Early).inbox.holds(1);
  });
});
