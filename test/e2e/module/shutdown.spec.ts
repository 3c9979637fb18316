import { afterEach, expect, it } from '@jest/globals';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type { EventRecord, FactstrOptions, ProjectionContext } from 'nestjs-factstr';
import { settle, until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { asynchronousStore } from '../../support/fixtures/hand-written-stores.js';
import { Gate, Inbox } from '../../support/inbox/inbox.js';
import { machineTime } from '../../support/waiting/machine-time.mjs';
import { describeOn } from '../../support/servers/describe-on.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = (event_type = 'x') => ({ event_type, payload: {} });

const optionsFor = async (
  provider: ProviderName | 'nats' | 'a custom store',
): Promise<FactstrOptions> =>
  provider === 'a custom store'
    ? { provider: 'custom', store: asynchronousStore().store }
    : optionsOf(provider, fixtures);

describeOn(
  ['memory', 'sqlite', 'postgres', 'nats', 'a custom store'],
  'app.close() on %s',
  (provider) => {
    it('aborts the signals, waits for the handlers in flight, and appends still work meanwhile', async () => {
      const events: string[] = [];
      class Handlers {
        constructor(readonly store: FactstrStore) {}

        @OnFacts('x')
        async onFacts(_facts: EventRecord[], { signal }: { signal: AbortSignal }) {
          await this.#work('live', signal);
        }

        @DurableProjection({ name: 'all', query: 'x' })
        async project(_facts: EventRecord[], { signal }: ProjectionContext) {
          await this.#work('durable', signal);
        }

        async #work(kind: string, signal: AbortSignal) {
          events.push(`${kind} began`);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          // The durable one ends earlier: either is waited for.
          for (let turns = kind === 'live' ? 3 : 1; turns > 0; turns--) await settle();
          const { first_sequence_number } = await this.store.append([
            fact('appended while draining'),
          ]);
          expect(first_sequence_number).toBeGreaterThan(1n);
          events.push(`${kind} ended`);
        }
      }
      Reflect.defineMetadata('design:paramtypes', [FactstrStore], Handlers);
      const options = await optionsFor(provider);
      const app = await fixtures.start(options, Handlers);
      await app.get(FactstrStore).append([fact('x')]);
      await until(
        () => events.length === 2,
        () => 'both handlers to begin',
      );
      await app.close();
      events.push('closed');
      expect(events.toSorted().slice(0, 2)).toEqual(['closed', 'durable began']);
      expect(events.at(-1)).toBe('closed');
      expect(events).toHaveLength(5);
      expect(fixtures.log.of('warn')).toEqual([]);
      expect(fixtures.log.of('error')).toEqual([]);
    });
  },
);

describeOn(['sqlite', 'postgres', 'nats'], 'On %s', (provider) => {
  it('the cursor of the facts in flight is stored: they do not come again', async () => {
    const gate = new Gate();
    const inbox = new Inbox();
    class Items {
      @DurableProjection({ name: 'items', query: {} })
      async project(facts: EventRecord[]) {
        inbox.handle(facts);
        await gate.passed;
      }
    }
    const options = await optionsOf(provider, fixtures);
    const app = await fixtures.start(options, Items);
    for (let n = 0; n < 3; n++) await app.get(FactstrStore).append([fact()]);
    await inbox.holds(1);
    const closing = app.close();
    await settle();
    gate.open();
    await closing;
    expect(inbox.flat).toEqual([1]);

    await fixtures.start(options, Items);
    await inbox.holds(1, 2, 3);
  });

  it('what fails after the shutdown began is no attempt: it comes again, and nothing is logged', async () => {
    const attempts: string[] = [];
    class Items {
      @DurableProjection({ name: 'items', query: {} })
      async project(facts: EventRecord[], { signal, attempt }: ProjectionContext) {
        attempts.push(`${facts[0]!.sequence_number}/${attempt}`);
        if (attempts.length > 1) return;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw new Error('interrupted');
      }
    }
    const options = await optionsOf(provider, fixtures);
    const app = await fixtures.start(options, Items);
    await app.get(FactstrStore).append([fact()]);
    await until(
      () => attempts.length === 1,
      () => 'the first call',
    );
    await app.close();
    expect(await app.get(FactstrProjections).status('items')).toMatchObject({
      state: 'stopped',
      reason: 'the application is shutting down',
      attempts: 0,
      lastError: null,
    });
    await fixtures.start(options, Items);
    await until(
      () => attempts.length === 2,
      () => 'the second call',
    );
    expect(attempts).toEqual(['1/1', '1/1']);
    expect(fixtures.log.of('error')).toEqual([]);
  });

  it('shutdownTimeout bounds the wait for a handler that does not end, with a warning', async () => {
    const gate = new Gate();
    const inbox = new Inbox();
    const live = new Inbox();
    class Stuck {
      @DurableProjection({ name: 'stuck', query: {} })
      async project(facts: EventRecord[]) {
        inbox.handle(facts);
        await gate.passed;
      }

      @OnFacts()
      async onFacts(facts: EventRecord[]) {
        live.handle(facts);
        await gate.passed;
      }
    }
    fixtures.later(() => gate.open());
    const app = await fixtures.start(
      { ...(await optionsOf(provider, fixtures)), shutdownTimeout: 50 },
      Stuck,
    );
    await app.get(FactstrStore).append([fact()]);
    await inbox.holds(1);
    await live.holds(1);
    const before = machineTime();
    await app.close();
    expect(machineTime() - before).toBeLessThan(3_000);
    expect(fixtures.log.of('warn').slice(0, 1)).toEqual([
      expect.stringMatching(
        /^Still in flight after 50 ms \(shutdownTimeout\): Stuck\.onFacts, Stuck\.project\./,
      ),
    ]);
    await expect(app.get(FactstrStore).append([fact()])).rejects.toMatchObject({
      code: 'STORE_CLOSED',
    });
  });

  it('a projection that waits to be retried does not hold up the shutdown', async () => {
    class Failing {
      @DurableProjection({ name: 'failing', query: {} })
      project() {
        throw new Error('always');
      }
    }
    const app = await fixtures.start(await optionsOf(provider, fixtures), Failing);
    await app.get(FactstrStore).append([fact()]);
    await until(
      async () => (await app.get(FactstrProjections).status('failing')).attempts === 2,
      () => 'the second attempt',
    );
    const before = machineTime();
    await app.close();
    expect(machineTime() - before).toBeLessThan(400);
  });
});

describeOn(['memory', 'sqlite', 'postgres', 'nats'], 'After app.close() on %s', (provider) => {
  it('the store is closed, every hook may be called again, and nothing starts any more', async () => {
    class Items {
      readonly inbox = new Inbox();

      @DurableProjection({ name: 'items', query: {} })
      project(facts: EventRecord[]) {
        this.inbox.handle(facts);
      }
    }
    const app = await fixtures.start(await optionsOf(provider, fixtures), Items);
    await app.get(FactstrStore).append([fact()]);
    await app.get(Items).inbox.holds(1);
    await Promise.all([app.close(), app.close()]);
    await app.close();
    for (const call of [
      () => app.get(FactstrStore).append([fact()]),
      () => app.get(FactstrStore).query({}),
      () => app.get(FactstrStore).streamAll(() => undefined),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    }
    const projections = app.get(FactstrProjections);
    await expect(projections.resume('items')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await projections.start();
    await settle();
    expect(await projections.status('items')).toMatchObject({ state: 'stopped' });
    expect(projections.liveHandlers()).toEqual([]);
    expect(fixtures.log.of('error')).toEqual([]);
  });

  it('without init() it is closed as well', async () => {
    class Items {
      readonly inbox = new Inbox();

      @OnFacts()
      onFacts(facts: EventRecord[]) {
        this.inbox.handle(facts);
      }
    }
    const app = await fixtures.compile({
      imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
      providers: [Items],
    });
    await app.get(FactstrStore).append([fact()]);
    await app.close();
    await expect(app.get(FactstrStore).query({})).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(app.get(Items).inbox.flat).toEqual([]);
  });
});
