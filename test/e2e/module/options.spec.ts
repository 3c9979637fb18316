import { afterEach, describe, expect, it } from '@jest/globals';
import { FactstrModule, InvalidOptionsError } from 'nestjs-factstr';
import type { FactstrOptions } from 'nestjs-factstr';
import { Fixtures } from './support/fixtures.js';
import { synchronousStore } from './support/hand-written-stores.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const postgres = { provider: 'postgres', url: 'postgres://localhost/none' };

describe('Options that cannot be meant fail the bootstrap with InvalidOptionsError:', () => {
  const cases: [string, unknown, RegExp][] = [
    ['no options at all', null, /options of FactstrModule are null/],
    ['an unknown provider', { provider: 'mysql' }, /provider is "mysql".*"memory", "sqlite"/],
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
    ['no attempts', { provider: 'memory', maxAttempts: 0 }, /maxAttempts is 0/],
    ['a negative time', { provider: 'memory', shutdownTimeout: -1 }, /shutdownTimeout is -1/],
    ['retries that are no number', { ...postgres, retryAttempts: NaN }, /retryAttempts is NaN/],
    ['handlers of another kind', { provider: 'memory', handlers: 'none' }, /option handlers/],
    ['handlers that are null', { provider: 'memory', handlers: null }, /option handlers/],
    ['parts that are no boolean', { provider: 'memory', handlers: { live: 1 } }, /option handlers/],
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
