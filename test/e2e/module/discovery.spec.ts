import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import type { ModuleMetadata } from '@nestjs/common';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures } from '../../support/fixtures/applications.js';
import { Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** An application with these members and a memory store of which `x` is appended once. */
async function deliver(metadata: ModuleMetadata) {
  const app = await fixtures.app({
    ...metadata,
    imports: [FactstrModule.forRoot(), ...(metadata.imports ?? [])],
  });
  await app.get(FactstrStore).append([{ event_type: 'x', payload: { n: 1 } }]);
  return app;
}

class Base {
  readonly inbox = new Inbox();

  @OnFacts()
  onFacts(facts: EventRecord[]) {
    this.inbox.handle(facts);
  }
}

describe('Handlers are found', () => {
  it('for every form of @OnFacts and @DurableProjection', async () => {
    class Forms {
      readonly heard: string[] = [];

      @OnFacts()
      everything() {
        this.heard.push('everything');
      }

      @OnFacts('x')
      oneType() {
        this.heard.push('oneType');
      }

      @OnFacts(['x', 'y'])
      types() {
        this.heard.push('types');
      }

      @OnFacts(['y'])
      otherTypes() {
        this.heard.push('otherTypes');
      }

      @OnFacts([])
      noTypes() {
        this.heard.push('noTypes');
      }

      @OnFacts({ filters: [{ event_types: ['x'], payload_predicates: [{ n: 1 }] }] })
      query() {
        this.heard.push('query');
      }

      @OnFacts({ filters: [{ payload_predicates: [{ n: 2 }] }] }, { store: 'default' })
      otherQuery() {
        this.heard.push('otherQuery');
      }

      @OnFacts({ store: 'default' })
      named() {
        this.heard.push('named');
      }

      @OnFacts('x', { store: 'default' })
      namedType() {
        this.heard.push('namedType');
      }

      @DurableProjection({ name: 'type', query: 'x' })
      projectType() {
        this.heard.push('projectType');
      }

      @DurableProjection({ name: 'types', query: ['y', 'x'], store: 'default' })
      projectTypes() {
        this.heard.push('projectTypes');
      }

      @DurableProjection({ name: 'query', query: { filters: null } })
      projectQuery() {
        this.heard.push('projectQuery');
      }

      @DurableProjection({ name: 'other', query: ['y'] })
      projectOther() {
        this.heard.push('projectOther');
      }

      undecorated() {
        this.heard.push('undecorated');
      }
    }
    const app = await deliver({ providers: [Forms] });
    const { heard } = app.get(Forms);
    await until(
      () => heard.length >= 9,
      () => `nine calls; there were ${heard.join(', ')}`,
    );
    await app.close();
    expect(app.get(Forms).heard.toSorted()).toEqual([
      'everything',
      'named',
      'namedType',
      'oneType',
      'projectQuery',
      'projectType',
      'projectTypes',
      'query',
      'types',
    ]);
  });

  it('in controllers', async () => {
    @Controller('x')
    class Items extends Base {}
    const app = await deliver({ controllers: [Items] });
    await app.get(Items).inbox.holds(1);
  });

  it('in the class of a module', async () => {
    @Module({})
    class Feature extends Base {}
    const app = await deliver({ imports: [Feature] });
    await app.get(Feature).inbox.holds(1);
  });

  it('in instances of factories and in values', async () => {
    const app = await deliver({
      providers: [
        { provide: 'made', useFactory: async () => new Base() },
        { provide: 'given', useValue: new (class Given extends Base {})() },
      ],
    });
    await app.get<Base>('made').inbox.holds(1);
    await app.get<Base>('given').inbox.holds(1);
  });

  it('by inheritance; a method that overrides one has its own decorators', async () => {
    class Inherits extends Base {}
    class Overrides extends Base {
      override onFacts() {
        throw new Error('not decorated');
      }
    }
    class Redecorates extends Base {
      @OnFacts('y')
      override onFacts(facts: EventRecord[]) {
        super.onFacts(facts);
      }
    }
    const app = await deliver({ providers: [Inherits, Overrides, Redecorates] });
    await app.get(Inherits).inbox.holds(1);
    await app.get(FactstrStore).append([{ event_type: 'y', payload: {} }]);
    await app.get(Redecorates).inbox.holds(2);
    expect(fixtures.log.of('error')).toEqual([]);
    expect(app.get(FactstrProjections).liveHandlers()).toHaveLength(2);
  });

  it('for each of several decorators on one method', async () => {
    class Stacked {
      readonly calls: string[] = [];

      @OnFacts('x')
      @OnFacts(['x', 'y'])
      @DurableProjection({ name: 'stacked', query: 'x' })
      onFacts(_facts: EventRecord[], context: object) {
        this.calls.push('projection' in context ? String(context.projection) : 'live');
      }
    }
    const app = await deliver({ providers: [Stacked] });
    await until(
      () => app.get(Stacked).calls.length >= 3,
      () => 'three calls',
    );
    await app.close();
    expect(app.get(Stacked).calls.toSorted()).toEqual(['live', 'live', 'stacked']);
  });

  it('once behind aliases, and once for an instance under two tokens', async () => {
    const shared = new (class Shared extends Base {})();
    const app = await deliver({
      providers: [
        Base,
        { provide: 'alias', useExisting: Base },
        { provide: 'one', useValue: shared },
        { provide: 'two', useValue: shared },
        { provide: 'three', useFactory: () => shared },
      ],
    });
    await app.get(Base).inbox.holds(1);
    await shared.inbox.holds(1);
    await app.close();
    expect(app.get(Base).inbox.flat).toEqual([1]);
    expect(shared.inbox.flat).toEqual([1]);
  });

  it('as methods of the instance: a spy is called', async () => {
    const app = await fixtures.app({ imports: [FactstrModule.forRoot()], providers: [Base] });
    const spied = new Inbox();
    app.get(Base).onFacts = (facts) => spied.handle(facts);
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await spied.holds(1);
  });

  it('without reading getters or tripping over values without a prototype', async () => {
    let reads = 0;
    class WithGetter extends Base {
      get eager(): string {
        reads++;
        throw new Error('not now');
      }
    }
    const bare = Object.create(null) as object;
    const app = await deliver({
      providers: [
        WithGetter,
        { provide: 'bare', useValue: bare },
        { provide: 'bare child', useValue: Object.create(bare) },
        { provide: 'null', useValue: null },
        { provide: 'function', useValue: () => undefined },
        { provide: 'text', useValue: 'text' },
        { provide: 'nothing', useFactory: () => undefined },
      ],
    });
    await app.get(WithGetter).inbox.holds(1);
    expect(reads).toBe(0);
  });
});
