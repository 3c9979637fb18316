import { afterEach, describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type { EventRecord, FactstrOptions, LiveContext } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { asynchronousStore, synchronousStore } from '../../support/fixtures/hand-written-stores.js';
import { Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = (event_type: string, payload: unknown = {}) => ({ event_type, payload });

/** Every provider, custom ones included. */
const providers: [string, () => Promise<FactstrOptions>][] = [
  ...(['memory', 'sqlite', 'postgres'] as const).map(
    (name): [string, () => Promise<FactstrOptions>] => [name, () => optionsOf(name, fixtures)],
  ),
  ['custom, synchronous', async () => ({ provider: 'custom', store: synchronousStore().store })],
  ['custom, asynchronous', async () => ({ provider: 'custom', store: asynchronousStore().store })],
];

describe.each(providers)('Handlers on %s', (_name, makeOptions) => {
  it('may empty the array that they are given, and fail then', async () => {
    class Handlers {
      readonly project: string[] = [];
      readonly live: string[] = [];

      @OnFacts()
      onFacts(facts: EventRecord[]) {
        this.take(facts, this.live);
      }

      @DurableProjection({ name: 'all', query: {} })
      onEach(facts: EventRecord[]) {
        this.take(facts, this.project);
      }

      take(facts: EventRecord[], taken: string[]): void {
        taken.push(String(facts.splice(0).map(({ sequence_number }) => sequence_number)));
        if (taken.length === 1) throw new Error('no');
      }
    }
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(await makeOptions())],
      providers: [Handlers],
    });
    const { project, live } = app.get(Handlers);
    await app.get(FactstrStore).append([fact('a'), fact('b')]);
    await until(
      () => project.length === 2 && live.length === 1,
      () => 'the second attempt',
    );
    expect([project, live]).toEqual([['1,2', '1,2'], ['1,2']]);
    const { log } = fixtures;
    await until(
      () => log.of('error').length === 2,
      () => 'the log of both failures',
    );
    expect(log.of('error').sort()).toEqual([
      expect.stringContaining('Handlers.onFacts failed on fact 1 '),
      expect.stringContaining('(Handlers.onEach) failed on fact 1, attempt 1 '),
    ]);
  });

  it('run in an async context of their own', async () => {
    const cls = new AsyncLocalStorage<string>();
    class Handlers {
      readonly seen: unknown[] = [];

      @OnFacts()
      async onFacts() {
        this.seen.push(cls.getStore());
        await Promise.resolve();
        this.seen.push(cls.getStore());
      }

      @DurableProjection({ name: 'all', query: {} })
      project() {
        this.seen.push(cls.getStore());
      }
    }
    const options = await makeOptions();
    const app = await cls.run('bootstrap', () =>
      fixtures.app({ imports: [FactstrModule.forRoot(options)], providers: [Handlers] }),
    );
    const { seen } = app.get(Handlers);
    for (let round = 1; round <= 2; round++) {
      await cls.run(`request ${round}`, () => app.get(FactstrStore).append([fact('x')]));
      await until(
        () => seen.length === 3 * round,
        () => `calls in round ${round}`,
      );
    }
    expect(seen).toEqual(Array(6).fill(undefined));
  });

  it('get one batch at a time, in order, never concurrently with themselves', async () => {
    class Handlers {
      readonly inbox = new Inbox();
      running = 0;
      most = 0;

      @OnFacts('x')
      async onFacts(facts: EventRecord[]) {
        this.most = Math.max(this.most, ++this.running);
        await new Promise((resolve) => setImmediate(resolve));
        this.inbox.handle(facts);
        this.running--;
      }
    }
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(await makeOptions())],
      providers: [Handlers],
    });
    const store = app.get(FactstrStore);
    await Promise.all([
      store.append([fact('x'), fact('y'), fact('x')]),
      store.append([fact('y')]),
      store.append([fact('x')]),
    ]);
    const { inbox } = app.get(Handlers);
    await inbox.holds(1, 3, 5);
    expect(inbox.batches.map((batch) => batch.length)).toEqual([2, 1]);
    expect(app.get(Handlers).most).toBe(1);
  });
});

describe('A live handler', () => {
  it('is told its store and a signal', async () => {
    class Handlers {
      context: LiveContext | undefined;

      @OnFacts()
      onFacts(_facts: EventRecord[], context: LiveContext) {
        this.context = context;
      }
    }
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Handlers] });
    await app.get(FactstrStore).append([fact('x')]);
    const handlers = app.get(Handlers);
    await until(
      () => handlers.context !== undefined,
      () => 'the call',
    );
    expect(handlers.context).toMatchObject({ store: 'default', signal: { aborted: false } });
    await app.close();
    expect(handlers.context!.signal.aborted).toBe(true);
  });

  it('that fails is logged with Class.method and sequence number, and its stream goes on', async () => {
    class Handlers {
      readonly inbox = new Inbox();

      @OnFacts()
      async onFacts(facts: EventRecord[]) {
        this.inbox.handle(facts);
        const { event_type } = facts[0]!;
        if (event_type === 'throw') throw new Error('broken', { cause: new Error('deep down') });
        if (event_type === 'odd') throw Object.create(null);
        if (event_type === 'false') return false;
        // A saved entity, say.
        return { id: 1, saved: false };
      }
    }
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Handlers] });
    const store = app.get(FactstrStore);
    await store.append([fact('fine'), fact('fine')]);
    await store.append([fact('throw'), fact('x')]);
    await store.append([fact('false')]);
    await store.append([fact('odd')]);
    await store.append([fact('fine')]);
    await app.get(Handlers).inbox.holds(1, 2, 3, 4, 5, 6, 7);
    expect(fixtures.log.of('error')).toEqual([
      'Handlers.onFacts failed on fact 3 of store "default": broken (deep down)',
      'Handlers.onFacts failed on fact 5 of store "default": the handler returned false',
      expect.stringMatching(/^Handlers\.onFacts failed on fact 6 of store "default": /),
    ]);
    expect(fixtures.log.lines.find(({ level }) => level === 'error')!.rest).toEqual(
      expect.arrayContaining([expect.stringContaining('live-handlers.spec')]),
    );
    expect(app.get(FactstrProjections).liveHandlers()).toEqual([
      {
        store: 'default',
        handler: 'Handlers.onFacts',
        running: true,
        stuck: false,
        reason: null,
        failures: 3,
        replaced: 0,
        lastError: expect.any(String),
      },
    ]);
  });

  it('gets nothing that was committed before the bootstrap', async () => {
    const options = await optionsOf('sqlite', fixtures);
    const first = await fixtures.app({ imports: [FactstrModule.forRoot(options)] });
    await first.get(FactstrStore).append([fact('old')]);
    await first.close();

    class Handlers {
      readonly inbox = new Inbox();

      @OnFacts()
      onFacts(facts: EventRecord[]) {
        this.inbox.handle(facts);
      }
    }
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(options)],
      providers: [Handlers],
    });
    await app.get(FactstrStore).append([fact('new')]);
    await app.get(Handlers).inbox.holds(2);
  });

  it('does not wait for another one', async () => {
    class Handlers {
      readonly fast = new Inbox();

      @OnFacts()
      slow(_facts: EventRecord[], { signal }: LiveContext) {
        return new Promise((resolve) => signal.addEventListener('abort', resolve));
      }

      @OnFacts()
      quick(facts: EventRecord[]) {
        this.fast.handle(facts);
      }
    }
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Handlers] });
    await app.get(FactstrStore).append([fact('x')]);
    await app.get(FactstrStore).append([fact('y')]);
    await app.get(Handlers).fast.holds(1, 2);
  });
});
