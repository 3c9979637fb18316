import { FactstrError } from 'nestjs-factstr';

/** Errors whose texts cannot be stored as they are. */
export const oddTexts = {
  'U+0000': () => new Error('be\u0000fore'),
  'U+0000 in the cause': () => new Error('outside', { cause: new Error('in\u0000side') }),
  'a lone surrogate': () => new Error('half \ud83d of one'),
  'two megabytes': () => new Error('x'.repeat(2_000_000)),
  'megabytes in every cause': () =>
    [1, 2, 3, 4].reduce<Error | undefined>(
      (cause) => new Error('y'.repeat(500_000), { cause }),
      undefined,
    ),
  'a name and a code of U+0000': () =>
    Object.assign(new Error(''), { name: '\u0000', code: '\u0000' }),
  'a text instead of an error': () => 'te\u0000xt',
  'an error of ours with an odd code': () =>
    new (class Odd extends FactstrError {
      readonly code = 'ODD\u0000';
    })('odd'),
} satisfies Record<string, () => unknown>;

/** What throws when it is read, or is no error at all. */
export const undescribable = {
  'a message that throws': () => withGetter(new Error('unseen'), 'message'),
  'a code that throws': () => withGetter(new Error(''), 'code'),
  'a stack that throws': () => withGetter(new Error('seen'), 'stack'),
  'a cause that throws': () => withGetter(new Error('seen'), 'cause'),
  'a name that throws': () => withGetter(new Error('seen'), 'name'),
  'errors that throw': () => withGetter(new AggregateError([], ''), 'errors'),
  'a code of ours that throws': () =>
    new (class Throwing extends FactstrError {
      get code(): string {
        throw new Error('a getter of the code');
      }
    })('seen'),
  'a Proxy that throws': () => new Proxy(new Error('unseen'), throwingTraps()),
  'a prototype that throws': () =>
    new Proxy(new Error('seen'), { getPrototypeOf: () => fail('getPrototypeOf') }),
  'a revoked Proxy': () => {
    const { proxy, revoke } = Proxy.revocable(new Error('unseen'), {});
    revoke();
    return proxy;
  },
  'a revoked cause': () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    return Object.assign(new Error(''), { errors: proxy, cause: proxy });
  },
  'no prototype': () => Object.create(null) as unknown,
  'a toString that throws': () => ({ toString: () => fail('toString') }),
  'a cycle of causes': () => {
    const [one, other] = [new Error('one'), new Error('other')];
    one.cause = other;
    other.cause = one;
    return one;
  },
  'a million errors': () =>
    new AggregateError(
      Array.from({ length: 1_000_000 }, (_none, n) => n),
      '',
    ),
  undefined: () => undefined,
  null: () => null,
  'a symbol': () => Symbol('of nothing'),
} satisfies Record<string, () => unknown>;

/** What a handler may throw and no database, log line or `instanceof` is prepared for. */
export const oddErrors = { ...oddTexts, ...undescribable };

export type OddError = keyof typeof oddErrors;

export const oddErrorNames = Object.keys(oddErrors) as OddError[];

function withGetter(error: Error, key: string): Error {
  return Object.defineProperty(error, key, { get: () => fail(`a getter of ${key}`) });
}

function throwingTraps(): ProxyHandler<Error> {
  const traps = ['get', 'has', 'getPrototypeOf', 'ownKeys', 'getOwnPropertyDescriptor'] as const;
  return Object.fromEntries(traps.map((trap) => [trap, () => fail(`the trap ${trap}`)]));
}

function fail(where: string): never {
  throw new Error(`thrown by ${where}`);
}
