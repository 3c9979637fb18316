import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  InjectFactstrStore,
  InvalidOptionsError,
  OnFacts,
  getFactstrStoreToken,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { Fixtures } from '../../support/fixtures/applications.js';
import { Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = (event_type: string) => ({ event_type, payload: {} });

describe('Several stores by name', () => {
  @Injectable()
  class Consumer {
    constructor(
      readonly facts: FactstrStore,
      @InjectFactstrStore('audit') readonly audit: FactstrStore,
      @Inject(getFactstrStoreToken('archive')) readonly archive: FactstrStore,
      @InjectFactstrStore() readonly unnamed: FactstrStore,
    ) {}
  }

  @Injectable()
  class Handlers {
    readonly facts = new Inbox();
    readonly audit = new Inbox();
    readonly both = new Inbox();
    readonly projected = new Inbox();
    readonly projectedAudit = new Inbox();

    @OnFacts()
    onFacts(facts: EventRecord[]) {
      this.facts.handle(facts);
    }

    @OnFacts({ store: 'audit' })
    onAudit(facts: EventRecord[]) {
      this.audit.handle(facts);
    }

    @DurableProjection({ name: 'one-name', query: {} })
    project(facts: EventRecord[]) {
      this.projected.handle(facts);
    }

    @DurableProjection({ name: 'one-name', store: 'audit', query: {} })
    projectAudit(facts: EventRecord[]) {
      this.projectedAudit.handle(facts);
    }
  }

  const stores = [
    FactstrModule.forRoot(),
    FactstrModule.forRoot({ provider: 'memory', name: 'audit' }),
    FactstrModule.forRootAsync({ name: 'archive', useFactory: () => ({ provider: 'memory' }) }),
  ];

  it('are injected by @InjectFactstrStore and by getFactstrStoreToken', async () => {
    const app = await fixtures.app({ imports: stores, providers: [Consumer] });
    const { facts, audit, archive, unnamed } = app.get(Consumer);
    expect(unnamed).toBe(facts);
    expect(new Set([facts, audit, archive]).size).toBe(3);
    await audit.append([fact('seen')]);
    expect((await facts.query({})).event_records).toEqual([]);
    expect((await audit.query({})).event_records).toHaveLength(1);
  });

  it('have handlers of their own; a projection is known by store and name', async () => {
    const app = await fixtures.app({ imports: stores, providers: [Handlers, Consumer] });
    const handlers = app.get(Handlers);
    const { facts, audit } = app.get(Consumer);
    await audit.append([fact('a')]);
    await audit.append([fact('b')]);
    await facts.append([fact('c')]);
    await handlers.audit.holds(1, 2);
    await handlers.projectedAudit.holds(1, 2);
    await handlers.facts.holds(1);
    await handlers.projected.holds(1);

    const projections = app.get(FactstrProjections);
    expect((await projections.list()).map(({ store, name }) => [store, name])).toEqual([
      ['default', 'one-name'],
      ['audit', 'one-name'],
    ]);
    expect(await projections.list({ store: 'audit' })).toHaveLength(1);
    expect(await projections.status('one-name')).toMatchObject({ position: 1n });
    expect(await projections.status('one-name', { store: 'audit' })).toMatchObject({
      handler: 'Handlers.projectAudit',
      position: 2n,
      head: 2n,
      lag: 0n,
    });
    await expect(projections.status('one-name', { store: 'archive' })).rejects.toThrow(
      /No projection "one-name" of store "archive" is registered/,
    );
  });

  it('with one name fail the bootstrap, saying what to do, and nothing is opened', async () => {
    const folder = await fixtures.folder();
    const path = (name: string) => join(folder, name);
    const opening = fixtures.app({
      imports: [
        FactstrModule.forRoot({ provider: 'sqlite', path: path('a'), name: 'audit' }),
        FactstrModule.forRootAsync({
          name: 'audit',
          useFactory: () => ({ provider: 'sqlite', path: path('b') }),
        }),
        FactstrModule.forRoot({ provider: 'sqlite', path: path('c') }),
      ],
    });
    await expect(opening).rejects.toThrow(InvalidOptionsError);
    await expect(opening).rejects.toThrow(
      /Two FactstrModule registrations have the store name "audit".*another name/,
    );
    expect(['a', 'b', 'c'].map(path).filter(existsSync)).toEqual([]);
  });

  it('without a name twice fail alike', async () => {
    await expect(
      fixtures.app({ imports: [FactstrModule.forRoot(), FactstrModule.forRoot()] }),
    ).rejects.toThrow(/have the store name "default"/);
  });

  it('imported twice as one object are one store', async () => {
    const [facts] = stores;
    const app = await fixtures.app({ imports: [facts!, facts!] });
    expect(app.get(FactstrStore)).toBeInstanceOf(FactstrStore);
  });

  it('that no module registers fail the bootstrap, naming the way out', async () => {
    const opening = fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Handlers] });
    await expect(opening).rejects.toThrow(InvalidOptionsError);
    await expect(opening).rejects.toThrow(
      /Handlers\.onAudit asks for the store "audit".*registered: "default".*name: "audit"/,
    );
  });

  it('include one whose only name is not the default', async () => {
    class Nameless {
      @OnFacts()
      onFacts() {}
    }
    await expect(
      fixtures.app({
        imports: [FactstrModule.forRoot({ provider: 'memory', name: 'audit' })],
        providers: [Nameless],
      }),
    ).rejects.toThrow(/asks for the store "default".*registered: "audit"/);
  });
});
