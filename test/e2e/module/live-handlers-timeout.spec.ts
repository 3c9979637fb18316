import { afterEach, describe, expect, it } from '@jest/globals';
import { Global, Injectable, Module } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type { EventRecord, LiveContext, ProjectionContext } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { Gate, Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = (event_type: string, payload: unknown = {}) => ({ event_type, payload });

describe.each(['memory', 'sqlite', 'postgres'] as const)(
  'A fact that a module of an application on %s appends in its onApplicationBootstrap',
  (provider) => {
    @Injectable()
    class Handlers {
      readonly live = new Inbox();
      readonly durable = new Inbox();

      @OnFacts()
      onFacts(facts: EventRecord[]) {
        this.live.handle(facts);
      }

      @DurableProjection({ name: 'all', query: {} })
      project(facts: EventRecord[], _context: ProjectionContext) {
        this.durable.handle(facts);
      }
    }

    @Injectable()
    class Seeder implements OnApplicationBootstrap {
      constructor(readonly store: FactstrStore) {}

      async onApplicationBootstrap() {
        await this.store.append([fact('seeded')]);
      }
    }

    it('is delivered, wherever the module was imported', async () => {
      @Global()
      @Module({ providers: [Seeder] })
      class GlobalBefore {}
      @Module({ imports: [], providers: [Seeder] })
      class Deep {}
      @Module({ imports: [Deep], providers: [Seeder, Handlers] })
      class Feature {}
      @Global()
      @Module({ providers: [Seeder] })
      class GlobalAfter {}
      const app = await fixtures.app({
        imports: [
          GlobalBefore,
          FactstrModule.forRoot(await optionsOf(provider, fixtures)),
          Feature,
          GlobalAfter,
        ],
        providers: [Seeder],
      });
      const { live, durable } = app.get(Handlers, { strict: false });
      await live.holds(1, 2, 3, 4, 5);
      await durable.holds(1, 2, 3, 4, 5);
    });
  },
);

describe('A live handler that does not settle within its timeout', () => {
  it('is reported as stuck, its signal aborts, and it goes on when it settles: a failure, never a success', async () => {
    const gate = new Gate();
    class Handlers {
      readonly inbox = new Inbox();
      readonly aborted: unknown[] = [];

      @OnFacts()
      async onFacts(facts: EventRecord[], { signal }: LiveContext) {
        this.inbox.handle(facts);
        if (facts[0]!.event_type !== 'slow') return;
        signal.addEventListener('abort', () => this.aborted.push(signal.reason));
        await gate.passed;
      }
    }
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'memory', timeout: 20 })],
      providers: [Handlers],
    });
    const store = app.get(FactstrStore);
    const projections = app.get(FactstrProjections);
    await store.append([fact('slow')]);
    await store.append([fact('next')]);
    await until(
      () => projections.liveHandlers()[0]!.stuck,
      () => 'the handler to be stuck',
    );
    const reason = 'the handler has not settled on fact 1 for 20 ms';
    expect(projections.liveHandlers()).toMatchObject([
      { running: true, stuck: true, reason, failures: 1, lastError: reason },
    ]);
    expect(app.get(Handlers).aborted).toMatchObject([{ code: 'HANDLER_TIMEOUT', message: reason }]);
    expect(app.get(Handlers).inbox.flat).toEqual([1]);

    gate.open();
    await app.get(Handlers).inbox.holds(1, 2);
    expect(projections.liveHandlers()).toMatchObject([
      { running: true, stuck: false, reason: null, failures: 1, lastError: reason },
    ]);
    expect(fixtures.log.of('error')).toEqual([
      expect.stringMatching(/^Handlers\.onFacts is stuck: .* fact 1 for 20 ms .*store "default"/),
    ]);
    expect(fixtures.log.of('warn')).toEqual([
      expect.stringMatching(/^Handlers\.onFacts has settled on fact 1 after its timeout/),
    ]);
  });

  it('is told once, whatever it comes to', async () => {
    class Handlers {
      readonly inbox = new Inbox();

      @OnFacts()
      async onFacts(facts: EventRecord[], { signal }: LiveContext) {
        this.inbox.handle(facts);
        if (facts[0]!.event_type !== 'slow') return;
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('given up')));
        });
      }
    }
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'memory', timeout: 20 })],
      providers: [Handlers],
    });
    await app.get(FactstrStore).append([fact('slow')]);
    await app.get(FactstrStore).append([fact('next')]);
    await app.get(Handlers).inbox.holds(1, 2);
    expect(fixtures.log.of('error')).toHaveLength(1);
    expect(app.get(FactstrProjections).liveHandlers()).toMatchObject([{ failures: 1 }]);
  });
});
