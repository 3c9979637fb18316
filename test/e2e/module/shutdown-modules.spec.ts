import { afterEach, describe, expect, it } from '@jest/globals';
import { Global, Injectable, Module } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  OnApplicationShutdown,
  OnModuleDestroy,
} from '@nestjs/common';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord, ProjectionContext } from 'nestjs-factstr';
import { settle, until } from '../../support/waiting/until.js';
import { Fixtures } from '../../support/fixtures/applications.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = (event_type = 'x') => ({ event_type, payload: {} });

describe('Other modules at shutdown', () => {
  it('keep what handlers work with until those are drained, and may append to the last', async () => {
    const events: string[] = [];

    @Injectable()
    class Connection implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
      constructor(readonly store: FactstrStore) {}

      onModuleDestroy() {
        events.push('disconnected');
      }

      async beforeApplicationShutdown() {
        await this.store.append([fact('before shutdown')]);
      }

      async onApplicationShutdown() {
        await this.store.append([fact('shutdown')]);
        events.push('last append');
      }
    }

    @Injectable()
    class Handlers {
      @DurableProjection({ name: 'x', query: 'x' })
      async project(_facts: EventRecord[], { signal }: ProjectionContext) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await settle();
        events.push('drained');
      }
    }

    @Global()
    @Module({ providers: [Connection] })
    class Before {}
    @Module({ providers: [Connection, Handlers] })
    class Feature {}
    @Global()
    @Module({ providers: [Connection] })
    class After {}
    const app = await fixtures.app({
      imports: [Before, FactstrModule.forRoot(), Feature, After],
      providers: [Connection],
    });
    await app.get(FactstrStore).append([fact()]);
    await until(
      async () => (await app.get(FactstrProjections).status('x')).lag === 1n,
      () => 'the call',
    );
    await settle();
    await app.close();
    expect(events).toEqual([
      'drained',
      ...Array(4).fill('disconnected'),
      ...Array(4).fill('last append'),
    ]);
  });
});
