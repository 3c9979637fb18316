import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope } from '@nestjs/common';
import type { ModuleMetadata } from '@nestjs/common';
import { ApplyFact, DurableProjection, FactstrModule, FactstrStore, OnFacts } from 'nestjs-factstr';
import { settle, until } from '../../support/waiting/until.js';
import { Fixtures } from '../../support/fixtures/applications.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

type Method = (...given: unknown[]) => unknown;

let calls: string[] = [];
afterEach(() => {
  calls = [];
});

/** As tracers do it: what is called is noted, and the wrapper's prototype is the method. */
function Traced(_target: object, key: string | symbol, descriptor: PropertyDescriptor) {
  const original = descriptor.value as Method;
  descriptor.value = function traced(this: unknown, ...given: unknown[]) {
    calls.push(`traced ${String(key)}`);
    return original.apply(this, given);
  };
  Object.setPrototypeOf(descriptor.value, original);
}

/** As many decorators do it: nothing of the method is left. */
function Wrapped(_target: object, key: string | symbol, descriptor: PropertyDescriptor) {
  const original = descriptor.value as Method;
  descriptor.value = function wrapped(this: unknown, ...given: unknown[]) {
    calls.push(`wrapped ${String(key)}`);
    return original.apply(this, given);
  };
}

/** Puts a Proxy before the method. */
function Proxied(_target: object, key: string | symbol, descriptor: PropertyDescriptor) {
  descriptor.value = new Proxy(descriptor.value as Method, {
    apply(method, self, given) {
      calls.push(`proxied ${String(key)}`);
      return Reflect.apply(method, self, given);
    },
  });
}

/** Replaces every method of the class, as tracers of whole classes do. */
function TracedClass(type: abstract new (...given: never[]) => object) {
  const prototype = type.prototype as Record<string, Method>;
  for (const key of Object.getOwnPropertyNames(prototype)) {
    if (key !== 'constructor') {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, key)!;
      Wrapped(prototype, key, descriptor);
      Object.defineProperty(prototype, key, descriptor);
    }
  }
}

type Class = new () => object;

/** Puts another class before the one that is declared. */
function Extended<T extends Class>(type: T): T {
  const base: Class = type;
  return class extends base {} as T;
}

/** Puts a function before the class that shares its prototype, and leaves none of its statics. */
function Covered<T extends Class>(type: T): T {
  function covering() {
    return new type();
  }
  covering.prototype = type.prototype as object;
  return covering as unknown as T;
}

async function deliver(metadata: ModuleMetadata) {
  const app = await fixtures.app({ ...metadata, imports: [FactstrModule.forRoot()] });
  await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
  return app;
}

async function called(...expected: string[]) {
  await until(
    () => calls.length >= expected.length,
    () => `${expected.join(', ')}; there were ${calls.join(', ')}`,
  );
  await settle();
  expect(calls.toSorted()).toEqual(expected.toSorted());
}

describe.each([
  ['whose prototype is the method', Traced, 'traced'],
  ['that knows nothing of the method', Wrapped, 'wrapped'],
  ['that is a Proxy of the method', Proxied, 'proxied'],
] as const)('A decorator above ours that leaves a wrapper %s', (_what, Decorator, word) => {
  it('leaves @OnFacts and @DurableProjection', async () => {
    class Handlers {
      @Decorator
      @OnFacts('x')
      live() {
        calls.push('live');
      }

      @Decorator
      @DurableProjection({ name: 'all', query: 'x' })
      durable() {
        calls.push('durable');
      }
    }
    await deliver({ providers: [Handlers] });
    await called('live', 'durable', `${word} live`, `${word} durable`);
  });

  it('leaves @ApplyFact', async () => {
    @DurableProjection({ name: 'all' })
    class Handlers {
      @Decorator
      @ApplyFact('x')
      apply() {
        calls.push('apply');
      }
    }
    await deliver({ providers: [Handlers] });
    await called('apply', `${word} apply`);
  });

  it('between two of ours leaves both, once each', async () => {
    class Handlers {
      @OnFacts(['x', 'y'])
      @Decorator
      @OnFacts('x')
      live() {
        calls.push('live');
      }
    }
    await deliver({ providers: [Handlers] });
    await called('live', 'live', `${word} live`, `${word} live`);
  });

  it('leaves no decorator on a method that overrides without one', async () => {
    class Base {
      @Decorator
      @OnFacts('x')
      live() {
        calls.push('base');
      }
    }
    class Overrides extends Base {
      override live() {
        calls.push('not decorated');
      }
    }
    class Inherits extends Base {}
    await deliver({ providers: [Overrides, Inherits] });
    await called('base', `${word} live`);
  });
});

describe('A decorator of the class', () => {
  it('that replaces its methods leaves the handlers', async () => {
    @TracedClass
    class Handlers {
      @OnFacts('x')
      live() {
        calls.push('live');
      }
    }
    @TracedClass
    @DurableProjection({ name: 'all' })
    class Projection {
      @ApplyFact('x')
      apply() {
        calls.push('apply');
      }
    }
    await deliver({ providers: [Handlers, Projection] });
    await called('live', 'wrapped live', 'apply', 'wrapped apply');
  });

  it.each([
    ['extends', Extended],
    ['covers', Covered],
  ] as const)('that %s it leaves @DurableProjection, above and below', async (_what, Decorator) => {
    @Decorator
    @DurableProjection({ name: 'below' })
    class Below {
      @ApplyFact('x')
      apply() {
        calls.push('below');
      }
    }
    @DurableProjection({ name: 'above' })
    @Decorator
    class Above {
      @ApplyFact('x')
      apply() {
        calls.push('above');
      }
    }
    await deliver({ providers: [Below, Above] });
    await called('below', 'above');
  });
});

describe('A method that is copied into another class', () => {
  it('takes its decorators along', async () => {
    class Mixin {
      @OnFacts('x')
      live() {
        calls.push('live');
      }
    }
    class Handlers {}
    Object.defineProperty(
      Handlers.prototype,
      'live',
      Object.getOwnPropertyDescriptor(Mixin.prototype, 'live')!,
    );
    await deliver({ providers: [Handlers] });
    await called('live');
  });
});

describe('Handlers that a scoped factory makes are refused', () => {
  @Injectable()
  class Handlers {
    @OnFacts('x')
    live() {}
  }
  @Injectable()
  class Single {
    constructor(readonly handlers: Handlers) {}
  }

  it.each([
    ['request-scoped', Scope.REQUEST],
    ['transient', Scope.TRANSIENT],
  ] as const)('%s, under their class', async (word, scope) => {
    await expect(
      fixtures.app({
        imports: [FactstrModule.forRoot()],
        providers: [{ provide: Handlers, scope, useFactory: () => new Handlers() }],
      }),
    ).rejects.toThrow(new RegExp(`Handlers\\.live handles facts, but its class is ${word}`));
  });

  it('transient, under a text, where a singleton injects them', async () => {
    await expect(
      fixtures.app({
        imports: [FactstrModule.forRoot()],
        providers: [
          { provide: 'made', scope: Scope.TRANSIENT, useFactory: () => new Handlers() },
          { provide: Single, inject: ['made'], useFactory: (made: Handlers) => new Single(made) },
        ],
      }),
    ).rejects.toThrow(/Handlers\.live handles facts, but its class is transient/);
  });
});
