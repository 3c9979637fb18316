import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import type { ModuleMetadata } from '@nestjs/common';
import { LazyModuleLoader, REQUEST } from '@nestjs/core';
import {
  DurableProjection,
  FactstrModule,
  FactstrStore,
  OnFacts,
  getFactstrStoreToken,
} from 'nestjs-factstr';
import type { EventRecord, FactstrOptions, FactstrOptionsFactory } from 'nestjs-factstr';
import { Fixtures } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';
import { Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

let opened = 0;
afterEach(() => {
  opened = 0;
});

/** Options of which each use would be counted. */
function counted(): FactstrOptions {
  return {
    provider: 'custom',
    store: () => {
      opened++;
      return synchronousStore().store;
    },
  };
}

@Injectable({ scope: Scope.REQUEST })
class Tenant {}

@Injectable({ scope: Scope.REQUEST, durable: true })
class DurableTenant {}

@Injectable()
class Region {
  constructor(@Inject(REQUEST) readonly request: unknown) {}
}

@Injectable({ scope: Scope.TRANSIENT })
class Fresh {
  readonly made = true;
}

@Injectable({ scope: Scope.TRANSIENT })
class FreshOfRequest {
  constructor(readonly tenant: Tenant) {}
}

@Injectable()
class WithProperty {
  @Inject(Tenant)
  readonly tenant!: Tenant;
}

@Injectable({ scope: Scope.REQUEST })
class ScopedOptions implements FactstrOptionsFactory {
  createFactstrOptions() {
    return counted();
  }
}

@Injectable()
class OptionsOfTenant implements FactstrOptionsFactory {
  constructor(readonly tenant: Tenant) {}

  createFactstrOptions() {
    return counted();
  }
}

@Module({
  providers: [Tenant, DurableTenant, Region, Fresh, FreshOfRequest, WithProperty, ScopedOptions],
  exports: [Tenant, DurableTenant, Region, Fresh, FreshOfRequest, WithProperty, ScopedOptions],
})
class Scopes {}

type AsyncOptions = Parameters<typeof FactstrModule.forRootAsync>[0];

const scoped: readonly (readonly [string, AsyncOptions, RegExp])[] = [
  ['REQUEST', { inject: [REQUEST], useFactory: counted }, /: REQUEST\. /],
  ['a request-scoped provider', { inject: [Tenant], useFactory: counted }, /: Tenant\. /],
  [
    'a durable request-scoped provider',
    { inject: [DurableTenant], useFactory: counted },
    /: DurableTenant\. /,
  ],
  ['a provider that depends on REQUEST', { inject: [Region], useFactory: counted }, /Region → REQ/],
  [
    'a transient provider of the request',
    { inject: [FreshOfRequest], useFactory: counted },
    /: FreshOfRequest → Tenant\. /,
  ],
  [
    'a property of the request',
    { inject: [WithProperty], useFactory: counted },
    /: WithProperty → Tenant\. /,
  ],
  [
    'an optional dependency, behind an absent one',
    {
      inject: [
        { token: 'absent', optional: true },
        { token: Tenant, optional: true },
      ],
      useFactory: counted,
    },
    /: Tenant\. /,
  ],
  ['a request-scoped class', { useClass: ScopedOptions }, /: ScopedOptions\. /],
  ['a class that injects one', { useClass: OptionsOfTenant }, /: OptionsOfTenant → Tenant\. /],
  ['an existing request-scoped class', { useExisting: ScopedOptions }, /: ScopedOptions\. /],
];

describe('Options that depend on the request are refused at bootstrap:', () => {
  it.each(scoped)('%s', async (_what, options, message) => {
    @Controller()
    class Items {
      constructor(readonly store: FactstrStore) {}

      @Get()
      get() {}
    }
    class Handlers {
      @OnFacts()
      onFacts() {}

      @DurableProjection({ name: 'all', query: {} })
      project() {}
    }
    const opening = fixtures.app({
      imports: [FactstrModule.forRootAsync({ ...options, imports: [Scopes] })],
      controllers: [Items],
      providers: [Handlers],
    });
    await expect(opening).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/^The options of the store "default" depend on the request/),
    });
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toThrow(/for each request.*singletons/);
    expect(opened).toBe(0);
    expect(fixtures.log.of('warn')).toEqual([]);
  });

  it('those of a named store, which is named', async () => {
    await expect(
      fixtures.app({
        imports: [
          FactstrModule.forRoot(),
          FactstrModule.forRootAsync({ name: 'audit', inject: [REQUEST], useFactory: counted }),
        ],
      }),
    ).rejects.toThrow(/store "audit" depend on the request: REQUEST/);
  });

  it('also while the application is used without init: nothing is opened', async () => {
    const app = await fixtures.compile({
      imports: [FactstrModule.forRootAsync({ inject: [REQUEST], useFactory: counted })],
    });
    for (let request = 0; request < 3; request++) {
      await expect(app.resolve(FactstrStore)).rejects.toThrow(/depend on the request: REQUEST/);
    }
    expect(opened).toBe(0);
  });

  it('those of a lazily loaded store, when a request asks for it', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()] });
    @Module({
      imports: [
        FactstrModule.forRootAsync({ name: 'late', inject: [REQUEST], useFactory: counted }),
      ],
    })
    class Late {}
    const ref = await app.get(LazyModuleLoader).load(() => Late, { logger: false });
    await expect(
      ref.resolve(getFactstrStoreToken('late'), undefined, { strict: false }),
    ).rejects.toThrow(/store "late" depend on the request/);
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    expect(opened).toBe(0);
  });
});

describe('Options that are made once', () => {
  class Handlers {
    readonly inbox = new Inbox();

    @OnFacts()
    onFacts(facts: EventRecord[]) {
      this.inbox.handle(facts);
    }
  }

  async function works(imports: NonNullable<ModuleMetadata['imports']>) {
    const app = await fixtures.app({ imports, providers: [Handlers] });
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await app.get(Handlers).inbox.holds(1);
  }

  it('may use a transient provider', () =>
    works([
      FactstrModule.forRootAsync({
        imports: [Scopes],
        inject: [Fresh],
        useFactory: ({ made }: Fresh) => ({ provider: made ? 'memory' : 'custom' }) as never,
      }),
    ]));

  it('may stand beside a store of the request that a test overrides', async () => {
    const app = await fixtures.app(
      { imports: [FactstrModule.forRootAsync({ inject: [REQUEST], useFactory: counted })] },
      (builder) => builder.overrideProvider(FactstrStore).useValue({}),
    );
    expect(app.get(FactstrStore)).toEqual({});
  });
});
