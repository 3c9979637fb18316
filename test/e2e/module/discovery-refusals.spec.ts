import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Inject,
  Injectable,
  Module,
  Scope,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import type { ModuleMetadata } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  ApplyFact,
  DurableProjection,
  FactstrModule,
  FactstrStore,
  InvalidOptionsError,
  OnFacts,
} from 'nestjs-factstr';
import type { EventQuery, EventRecord } from 'nestjs-factstr';
import { settle, until } from '../../support/waiting/until.js';
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

describe('Handlers are refused', () => {
  async function refused(metadata: ModuleMetadata, message: RegExp) {
    const opening = fixtures.app({
      ...metadata,
      imports: [FactstrModule.forRoot(), ...(metadata.imports ?? [])],
    });
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toBeInstanceOf(InvalidOptionsError);
  }

  it('in transient and request-scoped classes', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Base {}
    await refused({ providers: [Transient] }, /Transient\.onFacts .* class is transient/);

    @Injectable()
    class User {
      constructor(readonly transient: Transient) {}
    }
    await refused({ providers: [Transient, User] }, /Transient\.onFacts .* class is transient/);

    @Injectable({ scope: Scope.REQUEST })
    class Scoped extends Base {}
    await refused({ providers: [Scoped] }, /Scoped\.onFacts .* class is request-scoped/);

    @Injectable()
    class Dependent extends Base {
      constructor(@Inject(REQUEST) readonly request: unknown) {
        super();
      }
    }
    await refused({ providers: [Dependent] }, /Dependent\.onFacts .* class is request-scoped/);

    @Controller({ scope: Scope.REQUEST })
    class ScopedController extends Base {}
    await refused({ controllers: [ScopedController] }, /class is request-scoped/);
  });

  it('but scoped classes without handlers are nobody’s business', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {}
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {}
    await deliver({ providers: [Transient, Scoped, Base] });
  });

  it('with guards, interceptors, pipes or filters on the method', async () => {
    const guard = { canActivate: () => true };
    const interceptor = { intercept: (_: unknown, next: { handle(): never }) => next.handle() };
    const pipe = { transform: (value: unknown) => value };
    const filter = { catch: () => undefined };
    for (const [decorate, name] of [
      [UseGuards(guard), 'guards'],
      [UseInterceptors(interceptor), 'interceptors'],
      [UsePipes(pipe), 'pipes'],
      [UseFilters(filter), 'exception filters'],
    ] as const) {
      class Guarded {
        @OnFacts()
        @decorate
        onFacts() {}
      }
      await refused(
        { providers: [Guarded] },
        new RegExp(`Guarded\\.onFacts handles facts and carries ${name}`),
      );
    }
  });

  it('with guards, interceptors, pipes or filters on a class of handlers only', async () => {
    const guard = { canActivate: () => true };
    const interceptor = { intercept: (_: unknown, next: { handle(): never }) => next.handle() };
    const pipe = { transform: (value: unknown) => value };
    const filter = { catch: () => undefined };
    for (const [decorate, name] of [
      [UseGuards(guard), 'guards'],
      [UseInterceptors(interceptor), 'interceptors'],
      [UsePipes(pipe), 'pipes'],
      [UseFilters(filter), 'exception filters'],
    ] as const) {
      @decorate
      class Guarded {
        @OnFacts()
        onFacts() {}
      }
      await refused(
        { providers: [Guarded] },
        new RegExp(`Guarded\\.onFacts handles facts, and its class carries ${name}`),
      );
      @decorate
      @DurableProjection({ name: 'guarded' })
      class GuardedProjection {
        @ApplyFact('x')
        apply() {}
      }
      await refused({ providers: [GuardedProjection] }, new RegExp(`class carries ${name}`));
    }
  });

  it('but on a controller, or a gateway, they are for its other methods', async () => {
    @UseGuards({ canActivate: () => true })
    @Controller('x')
    class Items extends Base {}
    @UseGuards({ canActivate: () => true })
    @SetMetadata('websockets:is_gateway', true)
    class Gateway extends Base {}
    const app = await deliver({ controllers: [Items], providers: [Gateway] });
    await app.get(Items).inbox.holds(1);
    await app.get(Gateway).inbox.holds(1);
  });

  it('as durable projections without a name, or with one that cannot be stored', async () => {
    class Nameless {
      @DurableProjection({ name: '', query: 'x' })
      project() {}
    }
    await refused({ providers: [Nameless] }, /projection of Nameless\.project has no name/);

    class TooLong {
      @DurableProjection({ name: 'n'.repeat(257), query: 'x' })
      project() {}
    }
    await refused({ providers: [TooLong] }, /decorator of TooLong\.project .*256/);
  });

  it('with queries that no store takes', async () => {
    class Live {
      @OnFacts({ filters: 'x' } as unknown as EventQuery)
      onFacts() {}
    }
    await refused(
      { providers: [Live] },
      /decorator of Live\.onFacts cannot be followed: .*filters/,
    );

    class Durable {
      @DurableProjection({ name: 'x', query: { filters: [{ payload_predicates: [undefined] }] } })
      project() {}
    }
    await refused({ providers: [Durable] }, /decorator of Durable\.project cannot be followed/);
  });

  it('as two durable projections of one name', async () => {
    class One {
      @DurableProjection({ name: 'same', query: 'x' })
      project() {}
    }
    class Two {
      @DurableProjection({ name: 'same', query: 'y' })
      projectToo() {}
    }
    await refused(
      { providers: [One, Two] },
      /"same" of store "default" is declared by One\.project and Two\.projectToo/,
    );
  });

  it('as one durable class provided in two modules', async () => {
    @Injectable()
    class Shared {
      @DurableProjection({ name: 'same', query: 'x' })
      project() {}
    }
    @Module({ providers: [Shared] })
    class First {}
    @Module({ providers: [Shared] })
    class Second {}
    await refused(
      { imports: [First, Second] },
      /declared by Shared\.project and Shared\.project.*provided in one and exported/,
    );
  });

  it('on static methods and on methods named by a symbol, where they are declared', () => {
    expect(() => {
      class Static {
        @OnFacts()
        static onFacts() {}
      }
      return Static;
    }).toThrow(/decorate methods of instances/);
    expect(() => {
      class Symbolic {
        @DurableProjection({ name: 'x', query: 'x' })
        [Symbol.iterator]() {}
      }
      return Symbolic;
    }).toThrow(/decorate methods of instances/);
  });
});

describe('A live class provided in two modules', () => {
  it('is warned about once, and runs for each of them', async () => {
    const heard: string[] = [];
    @Injectable()
    class Shared {
      @OnFacts('x')
      onFacts() {
        heard.push('x');
      }
    }
    @Module({ providers: [Shared] })
    class First {}
    @Module({ providers: [Shared] })
    class Second {}
    @Module({ providers: [Shared] })
    class Third {}
    await deliver({ imports: [First, Second, Third] });
    await until(
      () => heard.length >= 3,
      () => 'three calls',
    );
    await settle();
    expect(heard).toHaveLength(3);
    expect(fixtures.log.of('warn')).toEqual([
      expect.stringMatching(/Shared\.onFacts is registered .*Provide it in one module and export/),
    ]);
  });
});
