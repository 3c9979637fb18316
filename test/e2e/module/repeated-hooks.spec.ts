import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { TestingModule } from '@nestjs/testing';
import { FactstrModule, FactstrProjections, FactstrStore, OnFacts } from 'nestjs-factstr';
import { settle } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { liveAndDurable } from '../../support/fixtures/live-and-durable.js';
import type { ProviderName } from '../../support/fixtures/applications.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const Handlers = liveAndDurable('all');

/** An application on the module's own container: Nest runs every hook of both. */
function second(app: TestingModule) {
  const application = app.createNestApplication({ logger: fixtures.log });
  fixtures.later(() => application.close());
  return application;
}

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];

describe.each(providers)('On %s, bootstrap hooks that run twice in one application', (provider) => {
  it('register each handler once: every fact is delivered once', async () => {
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
      providers: [Handlers],
    });
    await second(app).init();
    expect(app.get(FactstrProjections).liveHandlers()).toHaveLength(1);
    expect(await app.get(FactstrProjections).list()).toHaveLength(1);

    const store = app.get(FactstrStore);
    for (let n = 1; n <= 3; n++) await store.append([{ event_type: 'x', payload: { n } }]);
    const { live, durable } = app.get(Handlers);
    await live.holds(1, 2, 3);
    await durable.holds(1, 2, 3);
    await settle();
    expect([live.flat, durable.flat]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(fixtures.log.of('warn')).toEqual([]);
  });
});

describe('Hooks that run twice', () => {
  it('at the same time, register each handler once', async () => {
    const app = await fixtures.compile({
      imports: [FactstrModule.forRoot()],
      providers: [Handlers],
    });
    await Promise.all([app.init(), second(app).init()]);
    expect(app.get(FactstrProjections).liveHandlers()).toHaveLength(1);
  });

  it('fail twice when the first time failed', async () => {
    class Unknown {
      @OnFacts({ store: 'nowhere' })
      onFacts() {}
    }
    const app = await fixtures.compile({
      imports: [FactstrModule.forRoot()],
      providers: [Unknown],
    });
    await expect(app.init()).rejects.toThrow(/nowhere/);
    await expect(second(app).init()).rejects.toThrow(/nowhere/);
  });

  it('at shutdown, drain and close once', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Handlers] });
    const application = second(app);
    await application.init();
    await application.close();
    await app.close();
    expect(fixtures.log.of('error')).toEqual([]);
  });

  it('after a shutdown, refuse the bootstrap instead of running on closed stores', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Handlers] });
    await app.close();
    await expect(second(app).init()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});

describe('A store that is closed while the application starts', () => {
  @Injectable()
  class ClosesStore implements OnModuleInit {
    constructor(private readonly store: FactstrStore) {}

    async onModuleInit() {
      await this.store.close();
    }
  }

  it.each(providers)(
    'on %s, fails the bootstrap, also of an application without handlers',
    async (provider) => {
      const app = await fixtures.compile({
        imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
        providers: [ClosesStore],
      });
      await expect(app.init()).rejects.toMatchObject({
        code: 'STORE_CLOSED',
        message: expect.stringMatching(/store "default" .*closed while the application started/),
      });
    },
  );

  it('by the shutdown of the application, fails the bootstrap', async () => {
    const closing: { app?: { close(): Promise<void> } } = {};
    @Injectable()
    class ClosesApplication implements OnModuleInit {
      constructor(readonly moduleRef: ModuleRef) {}

      async onModuleInit() {
        await closing.app!.close();
      }
    }
    const app = await fixtures.compile({
      imports: [FactstrModule.forRoot()],
      providers: [ClosesApplication, Handlers],
    });
    const application = second(app);
    closing.app = application;
    await expect(application.init()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(fixtures.log.of('warn')).toEqual([]);
  });
});
