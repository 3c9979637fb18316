import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import {
  DurableProjection,
  FactstrMemoryStore,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
  getFactstrStoreToken,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { Fixtures } from '../../support/fixtures/applications.js';
import { Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

@Injectable()
class Handlers {
  readonly inbox = new Inbox();

  constructor(readonly store: FactstrStore) {}

  @OnFacts()
  onFacts(facts: EventRecord[]) {
    this.inbox.handle(facts);
  }

  @DurableProjection({ name: 'all', query: {} })
  project() {}
}

describe('overrideProvider(FactstrStore).useValue(fake)', () => {
  it('opens nothing; the handlers are skipped with one warning', async () => {
    const path = join(await fixtures.folder(), 'facts.sqlite');
    const fake = { append: async () => 'fake' };
    const app = await fixtures.app(
      { imports: [FactstrModule.forRoot({ provider: 'sqlite', path })], providers: [Handlers] },
      (builder) => builder.overrideProvider(FactstrStore).useValue(fake),
    );
    expect(app.get(Handlers).store).toBe(fake);
    expect(existsSync(path)).toBe(false);
    expect(fixtures.log.of('warn')).toEqual([
      'The store "default" is overridden: its 2 handler(s) are not registered.',
    ]);
    expect(await app.get(FactstrProjections).list()).toEqual([]);
    await app.get(FactstrProjections).start();
    await app.close();
  });

  it('reaches no server', async () => {
    const app = await fixtures.app(
      { imports: [FactstrModule.forRoot({ provider: 'postgres', url: 'postgres://nowhere:1/x' })] },
      (builder) => builder.overrideProvider(FactstrStore).useValue({}),
    );
    await app.close();
    expect(fixtures.log.of('warn')).toEqual([]);
  });

  it('with FactstrStore.of(a memory store) gives a working service', async () => {
    const store = FactstrStore.of(new FactstrMemoryStore());
    const app = await fixtures.app(
      { imports: [FactstrModule.forRoot({ provider: 'postgres', url: 'postgres://nowhere:1/x' })] },
      (builder) => builder.overrideProvider(FactstrStore).useValue(store),
    );
    await app.get(FactstrStore).append([{ event_type: 'x', payload: 1 }]);
    await app.close();
    expect((await store.query({})).event_records).toHaveLength(1);
  });

  it('replaces one store and leaves the others', async () => {
    const app = await fixtures.app(
      {
        imports: [
          FactstrModule.forRoot(),
          FactstrModule.forRoot({ provider: 'postgres', url: 'postgres://nowhere:1/x', name: 'b' }),
        ],
        providers: [Handlers],
      },
      (builder) => builder.overrideProvider(getFactstrStoreToken('b')).useValue({}),
    );
    await app.get(FactstrStore).append([{ event_type: 'x', payload: 1 }]);
    await app.get(Handlers).inbox.holds(1);
    expect(fixtures.log.of('warn')).toEqual([]);
  });
});

describe('overrideProvider(FactstrProjections).useValue(fake)', () => {
  it('replaces the handle; the handlers run, and end with the application', async () => {
    const fake = { waitFor: async () => undefined };
    const app = await fixtures.app(
      { imports: [FactstrModule.forRoot()], providers: [Handlers] },
      (builder) => builder.overrideProvider(FactstrProjections).useValue(fake),
    );
    expect(app.get(FactstrProjections)).toBe(fake);
    const { store, inbox } = app.get(Handlers);
    await store.append([{ event_type: 'x', payload: 1 }]);
    await inbox.holds(1);
    await app.close();
    await expect(store.query({})).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});

describe('Two applications in one process', () => {
  it('share nothing', async () => {
    const metadata = { imports: [FactstrModule.forRoot()], providers: [Handlers] };
    const one = await fixtures.app(metadata);
    const other = await fixtures.app(metadata);
    expect(one.get(FactstrStore)).not.toBe(other.get(FactstrStore));
    await one.get(FactstrStore).append([{ event_type: 'x', payload: 1 }]);
    await one.get(Handlers).inbox.holds(1);
    await one.close();

    await other.get(FactstrStore).append([{ event_type: 'y', payload: 2 }]);
    await other.get(Handlers).inbox.holds(1);
    expect(await other.get(FactstrProjections).list()).toHaveLength(1);
    expect(one.get(Handlers).inbox.batches).toHaveLength(1);
  });
});
