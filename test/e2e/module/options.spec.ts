import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ApplyFact,
  DurableProjection,
  FactstrMemoryStore,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  InvalidOptionsError,
} from 'nestjs-factstr';
import type { DurableProjectionOptions, FactstrOptions } from 'nestjs-factstr';
import { Fixtures } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const postgres = { provider: 'postgres', url: 'postgres://localhost/none' };

describe('Options that cannot be meant fail the bootstrap with InvalidOptionsError:', () => {
  const cases: [string, unknown, RegExp][] = [
    ['no options at all', null, /options of FactstrModule are null/],
    ['an unknown provider', { provider: 'mysql' }, /provider is "mysql".*"memory", "sqlite"/],
    ['a provider that only looks like one', { provider: ['sqlite'] }, /provider is a object/],
    ['no provider', {}, /provider is undefined/],
    ['SQLite without a path', { provider: 'sqlite' }, /"sqlite" needs the option path/],
    ['SQLite with an empty path', { provider: 'sqlite', path: '' }, /needs the option path/],
    ['Postgres without a URL', { provider: 'postgres' }, /"postgres" needs the option url/],
    ['a URL of something else', { provider: 'postgres', url: 'mysql://x/y' }, /postgres:\/\/user/],
    ['a custom provider without a store', { provider: 'custom' }, /append\(\) is missing/],
    ['a store without methods', { provider: 'custom', store: {} }, /append\(\) is missing/],
    [
      'a store without one method',
      { provider: 'custom', store: { ...synchronousStore().store, streamTo: undefined } },
      /streamTo\(\) is missing/,
    ],
    [
      'a factory that makes no store',
      { provider: 'custom', store: () => Promise.resolve(undefined) },
      /append\(\) is missing/,
    ],
    ['a misspelt option', { provider: 'memory', leaseTTL: 5 }, /no option "leaseTTL"; it has/],
    ['an option of another provider', { ...postgres, busyTimeout: 5 }, /no option "busyTimeout"/],
    [
      'a name that the factory returns',
      { provider: 'memory', name: 'audit' },
      /"name" was returned by the factory; it stands outside: .*forRootAsync\(\{ name: …/,
    ],
    [
      'isGlobal that the factory returns',
      { provider: 'memory', isGlobal: false },
      /"isGlobal" was returned by the factory; it stands outside/,
    ],
    ['no attempts', { provider: 'memory', maxAttempts: 0 }, /maxAttempts is 0/],
    ['no time for a handler', { provider: 'memory', timeout: 0 }, /timeout is 0/],
    ['an around that is none', { provider: 'memory', around: {} }, /around is no function/],
    ['a negative time', { provider: 'memory', shutdownTimeout: -1 }, /shutdownTimeout is -1/],
    ['retries that are no number', { ...postgres, retryAttempts: NaN }, /retryAttempts is NaN/],
    ['handlers of another kind', { provider: 'memory', handlers: 'none' }, /option handlers/],
    ['handlers that are null', { provider: 'memory', handlers: null }, /option handlers/],
    ['parts that are no boolean', { provider: 'memory', handlers: { live: 1 } }, /option handlers/],
    [
      'ids by text',
      { provider: 'memory', idempotentAppends: 'yes' },
      /idempotentAppends is true or/,
    ],
    [
      'a retry of no time',
      { provider: 'memory', appendRetryTimeout: -1 },
      /appendRetryTimeout is -1/,
    ],
    [
      'ids kept for no time',
      { provider: 'memory', appendIdRetention: 0 },
      /appendIdRetention is 0/,
    ],
    [
      'ids on a store that keeps none',
      { provider: 'custom', store: synchronousStore().store, idempotentAppends: true },
      /capabilities.appendIds/,
    ],
    ['times in the wrong order', { ...postgres, lockTimeout: 20_000 }, /lockTimeout/],
    [
      'a poll that never pauses',
      { provider: 'sqlite', path: '/nowhere/x', pollInterval: 0 },
      /pollInterval/,
    ],
  ];

  for (const [what, options, message] of cases) {
    it(what, async () => {
      const opening = fixtures.app({
        imports: [FactstrModule.forRootAsync({ useFactory: () => options as FactstrOptions })],
      });
      await expect(opening).rejects.toThrow(message);
      await expect(opening).rejects.toBeInstanceOf(InvalidOptionsError);
    });
  }

  it('never with the password of a malformed URL', async () => {
    const opening = fixtures.app({
      imports: [
        FactstrModule.forRoot({ provider: 'postgres', url: 'postgres://me:sec%ret@host:port/x' }),
      ],
    });
    await expect(opening).rejects.toMatchObject({ message: expect.not.stringContaining('sec') });
  });
});

/** One class in each form. */
function withOptions(options: Partial<DurableProjectionOptions>) {
  class Items {
    @DurableProjection({ name: 'items', query: {}, ...options })
    project() {}
  }
  @DurableProjection({ name: 'items', ...options })
  class Applied {
    @ApplyFact('a')
    apply() {}
  }
  return [
    [Items, 'Items.project'],
    [Applied, 'Applied'],
  ] as const;
}

describe('Options that are undefined', () => {
  it('are absent, whichever provider has them', async () => {
    const leftOpen = {
      path: undefined,
      url: undefined,
      pollInterval: undefined,
      busyTimeout: undefined,
      limits: undefined,
      handlers: undefined,
      around: undefined,
      leaseTtl: undefined,
      name: undefined,
      isGlobal: undefined,
      misspelt: undefined,
    };
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRootAsync({ useFactory: () => ({ ...leftOpen, provider: 'memory' }) }),
        FactstrModule.forRoot({
          ...leftOpen,
          provider: 'custom',
          store: new FactstrMemoryStore(),
          name: 'other',
        }),
      ],
    });
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
  });
});

describe('Options of a projection that cannot be meant fail the bootstrap, in both forms:', () => {
  const cases: [string, object, RegExp][] = [
    ['a version below 1', { version: 0 }, /version is 0; expected a whole number from 1/],
    ['half a version', { version: 1.5 }, /version is 1\.5/],
    ['no attempts', { maxAttempts: 0 }, /maxAttempts is 0/],
    ['no time', { timeout: 0 }, /timeout is 0/],
    ['a time beyond Node’s timers', { timeout: 2 ** 31 }, /timeout is 2147483648/],
    ['a start that is no bigint', { startFrom: 5 }, /startFrom is 5; expected 'beginning', 'now'/],
    ['a start before the beginning', { startFrom: -1n }, /startFrom is -1/],
    ['a start nobody reaches', { startFrom: 2n ** 63n }, /startFrom is 9223372036854775808/],
    ['an unknown policy', { onFailure: 'skip' }, /onFailure is skip; expected 'pause' or 'park'/],
    ['a batch that is a number', { batch: 10 }, /batch is no \{ maxFacts/],
    ['a batch without its size', { batch: { maxWait: 1 } }, /batch is no \{ maxFacts/],
    ['an empty batch', { batch: { maxFacts: 0 } }, /maxFacts is 0/],
    ['a negative wait', { batch: { maxFacts: 1, maxWait: -1 } }, /maxWait is -1/],
    ['an over-long name', { name: 'n'.repeat(300) }, /name/],
  ];

  for (const [what, options, message] of cases) {
    it(what, async () => {
      for (const [type, label] of withOptions(options)) {
        const opening = fixtures.app({ imports: [FactstrModule.forRoot()], providers: [type] });
        await expect(opening).rejects.toThrow(message);
        await expect(opening).rejects.toThrow(`The decorator of ${label} cannot be followed: `);
        await expect(opening).rejects.toBeInstanceOf(InvalidOptionsError);
      }
    });
  }
});

describe('A custom store that has the contract only', () => {
  const cases: [string, Partial<DurableProjectionOptions>][] = [
    ["onFailure: 'park'", { onFailure: 'park' }],
    ['version', { version: 2 }],
    ['startFrom', { startFrom: 'now' }],
    ['startFrom', { startFrom: 5n }],
    ['batch', { batch: { maxFacts: 10 } }],
  ];

  for (const [option, options] of cases) {
    it(`refuses ${Object.entries(options)
      .map((entry) =>
        entry.map((part) => (typeof part === 'object' ? '{…}' : String(part))).join(': '),
      )
      .join()} at bootstrap`, async () => {
      for (const [type, label] of withOptions(options)) {
        const opening = fixtures.app({
          imports: [FactstrModule.forRoot({ provider: 'custom', store: synchronousStore().store })],
          providers: [type],
        });
        await expect(opening).rejects.toThrow(
          `${label} uses the option ${option}, which needs a store that shows its log (LogSource)`,
        );
        await expect(opening).rejects.toBeInstanceOf(InvalidOptionsError);
      }
    });
  }

  it('takes what says no more than the defaults', async () => {
    const options = { version: 1, startFrom: 'beginning', onFailure: 'pause' } as const;
    for (const [type] of withOptions(options)) {
      await fixtures.app({
        imports: [FactstrModule.forRoot({ provider: 'custom', store: synchronousStore().store })],
        providers: [type],
      });
    }
  });

  it('refuses the verbs that need its log, and knows one version', async () => {
    const [[type]] = withOptions({});
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'custom', store: synchronousStore().store })],
      providers: [type],
    });
    const projections = app.get(FactstrProjections);
    const verbs: [string, () => Promise<void>][] = [
      ['reset', () => projections.reset('items', 0n)],
      ['rebuild', () => projections.rebuild('items')],
      ['retryParked', () => projections.retryParked('items')],
      ['discardParked', () => projections.discardParked('items')],
      ['switchTo', () => projections.switchTo('items', 1)],
    ];
    for (const [verb, say] of verbs) {
      await expect(say()).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(
          new RegExp(`^${verb} of projection "items" needs a store that shows its log`),
        ),
      });
    }
    expect(await projections.activeVersion('items')).toBe(1);
    expect(await projections.status('items')).toMatchObject({ active: true, position: null });
    expect(await projections.parked('items')).toEqual([]);
    expect(await projections.interventions('items')).toEqual([]);
  });

  it('is one of ours all the same when a factory makes it', async () => {
    const [[type]] = withOptions({ version: 2, startFrom: 1n, onFailure: 'park' });
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRoot({ provider: 'custom', store: () => new FactstrMemoryStore() }),
      ],
      providers: [type],
    });
    await app.get(FactstrStore).append([{ event_type: 'a', payload: {} }]);
    await app.get(FactstrProjections).drained();
    await app.get(FactstrProjections).rebuild('items');
  });
});
