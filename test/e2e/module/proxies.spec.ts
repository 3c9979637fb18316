import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ApplyFact,
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
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

/** An application of which every instance is decorated. */
async function decorated(
  instanceDecorator: (instance: unknown) => unknown,
  metadata: ModuleMetadata,
): Promise<INestApplicationContext> {
  @Module(metadata)
  class Application {}
  const app = await NestFactory.createApplicationContext(Application, {
    instrument: { instanceDecorator },
    logger: fixtures.log,
    abortOnError: false,
  });
  fixtures.later(() => app.close());
  return app;
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

@Injectable()
@DurableProjection({ name: 'class' })
class ClassForm {
  readonly inbox = new Inbox();

  @ApplyFact('x')
  apply(fact: EventRecord) {
    this.inbox.handle([fact]);
  }
}

const decorators = [
  ['does nothing', bare],
  ['traces every method', traced],
] as const;

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];

describe.each(decorators)('An instance decorator whose Proxy %s', (_what, decorator) => {
  it.each(providers)('lets an application on %s work as ever', async (provider) => {
    const app = await decorated(decorator, {
      imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
      providers: [Handlers, ClassForm],
    });
    const { store, live, durable } = app.get(Handlers);
    const projections = app.get(FactstrProjections);
    await store.append([{ event_type: 'x', payload: {} }]);
    await store.decide({}, () => [{ event_type: 'x', payload: {} }]);
    await live.holds(1, 2);
    await durable.holds(1, 2);
    await app.get(ClassForm).inbox.holds(1, 2);

    await projections.waitFor('all', 2n);
    await projections.drained();
    await projections.pause('all');
    await projections.resume('all');
    await projections.rebuild('all');
    await projections.start();
    await durable.holds(1, 2, 1, 2);
    expect(projections.liveHandlers()).toHaveLength(1);
    const read: bigint[] = [];
    for await (const { sequence_number } of store.read({})) read.push(sequence_number);
    expect(read).toEqual([1n, 2n]);
    const subscription = await store.streamAll(() => undefined);
    subscription.unsubscribe();
    await app.close();
    await expect(store.query({})).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(fixtures.log.of('warn')).toEqual([]);
  });

  it('hides no error of the bootstrap', async () => {
    @Injectable()
    class Unknown {
      @OnFacts({ store: 'nowhere' })
      onFacts() {}
    }
    await expect(
      decorated(decorator, { imports: [FactstrModule.forRoot()], providers: [Unknown] }),
    ).rejects.toThrow(/Unknown\.onFacts asks for the store "nowhere"/);
    await expect(
      decorated(decorator, {
        imports: [
          FactstrModule.forRoot({ provider: 'sqlite', path: '/dev/null/no/facts.sqlite' }),
          FactstrModule.forRoot({ name: 'other', provider: 'memory' }),
        ],
      }),
    ).rejects.toThrow(/dev.null/);
  });

  it('makes no second holder of an instance under two tokens', async () => {
    const app = await decorated(decorator, {
      imports: [FactstrModule.forRoot()],
      providers: [
        Handlers,
        { provide: 'same', inject: [Handlers], useFactory: (given: Handlers) => given },
        {
          provide: 'proxy',
          inject: [Handlers],
          useFactory: (given: Handlers) => new Proxy(given, {}),
        },
        { provide: 'alias', useExisting: Handlers },
      ],
    });
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await app.get(Handlers).durable.holds(1);
    await app.get(Handlers).live.holds(1);
    expect(app.get(FactstrProjections).liveHandlers()).toHaveLength(1);
    expect(fixtures.log.of('warn')).toEqual([]);
  });
});

describe('A decorator that traces', () => {
  it('sees the calls of handlers and stores', async () => {
    const app = await decorated(traced, {
      imports: [FactstrModule.forRoot()],
      providers: [Handlers],
    });
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await app.get(Handlers).durable.holds(1);
    await app.get(Handlers).live.holds(1);
    expect(traces).toEqual(
      expect.arrayContaining(['FactstrStore.append', 'Handlers.onFacts', 'Handlers.project']),
    );
  });
});

describe('An object that inherits from a holder', () => {
  it('is another one: the advice is to give its token by useExisting', async () => {
    await expect(
      fixtures.app({
        imports: [FactstrModule.forRoot()],
        providers: [
          Handlers,
          {
            provide: 'other',
            inject: [Handlers],
            useFactory: (given: Handlers) => Object.create(given) as Handlers,
          },
        ],
      }),
    ).rejects.toThrow(
      /Handlers\.project and Handlers\.project.*useExisting \(here: .* as Handlers; .* as other\)/,
    );
  });

  it('frozen objects are holders as ever', async () => {
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot()],
      providers: [
        {
          provide: 'frozen',
          inject: [FactstrStore],
          useFactory: (store: FactstrStore) => Object.freeze(new Handlers(store)),
        },
      ],
    });
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await app.get<Handlers>('frozen').live.holds(1);
  });
});
