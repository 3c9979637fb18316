import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection, FactstrMemoryStore, OnFacts, factQuery, facts } from 'nestjs-factstr';
import type { FactstrOptions, FactstrProjections } from 'nestjs-factstr';
import { TestApp } from '../../support/fixtures/two-apps.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

class Items {
  @DurableProjection({ name: 'items', query: {} })
  project() {}
}

/** Each verb with arguments as JavaScript, a request or a command line may bring them. */
type Any = (...args: unknown[]) => Promise<unknown>;
type Verbs = { [K in keyof FactstrProjections]: Any };

/** What no verb takes for its options. */
const BAD_OPTIONS: unknown[] = [
  null,
  'text',
  5,
  [],
  { unknown: 1 },
  { store: 5 },
  { store: '' },
  { store: null },
  { version: '1' },
  { version: 0 },
  { version: 1.5 },
  { version: NaN },
];
const BAD_BY: unknown[] = ['', 'a\u0000b', 'half \ud83d', {}, 5, [], 'x'.repeat(300)];
const BAD_TIMEOUTS: unknown[] = [NaN, -1, Infinity, '5', null, 2 ** 31, {}];
const BAD_NUMBERS: unknown[] = [1, '1', 1.5, true, undefined, null, {}, -1n, 2n ** 63n];
const BAD_NAMES: unknown[] = [undefined, null, 5, {}, '', ['items'], Symbol('items')];

const stores: [string, () => Promise<FactstrOptions>][] = [
  ['memory', () => optionsOf('memory', fixtures)],
  ['sqlite', () => optionsOf('sqlite', fixtures)],
  ['postgres', () => optionsOf('postgres', fixtures)],
  ['a custom store', async () => ({ provider: 'custom', store: synchronousStore().store })],
];

describe.each(stores)('The verbs on %s', (_name, makeOptions) => {
  const start = async () => {
    const app = await TestApp.start(fixtures, await makeOptions(), Items);
    await app.shows('items', { state: 'live' });
    await app.append('x');
    return { app, verbs: app.projections as unknown as Verbs };
  };

  it('refuse what they cannot follow, with one class, and record nothing', async () => {
    const { app, verbs } = await start();
    const calls: [string, () => Promise<unknown>][] = [];
    const refuses = (verb: keyof Verbs, ...args: unknown[]): void => {
      calls.push([`${verb}(${args.map(shown).join(', ')})`, () => verbs[verb](...args)]);
    };
    const operators = ['pause', 'resume', 'rebuild', 'retryParked', 'discardParked'] as const;
    const named = [...operators, 'status', 'parked', 'interventions', 'activeVersion'] as const;
    for (const verb of named) {
      for (const name of BAD_NAMES) refuses(verb, name);
      for (const options of BAD_OPTIONS) refuses(verb, 'items', options);
    }
    for (const verb of operators) {
      for (const by of BAD_BY) refuses(verb, 'items', { by });
    }
    for (const to of BAD_NUMBERS) refuses('reset', 'items', to);
    for (const options of BAD_OPTIONS) refuses('reset', 'items', 0n, options);
    for (const by of BAD_BY) refuses('reset', 'items', 0n, { by });
    for (const sequence of BAD_NUMBERS) refuses('waitFor', 'items', sequence);
    for (const options of BAD_OPTIONS) refuses('waitFor', 'items', 0n, options);
    for (const timeout of BAD_TIMEOUTS) {
      refuses('waitFor', 'items', 0n, { timeout });
      refuses('drained', { timeout });
    }
    for (const version of [NaN, 0, -1, '1', 1.5, 1n, null, undefined]) {
      refuses('switchTo', 'items', version);
    }
    for (const options of [...BAD_OPTIONS, { version: 1 }, { force: 'yes' }, { by: {} }]) {
      refuses('switchTo', 'items', 1, options);
    }
    for (const kinds of [null, 5, 'live', { live: 'yes' }, { durable: 1 }, { dead: true }]) {
      refuses('start', kinds);
    }
    for (const selector of [null, 5, 'items', { store: 5 }, { store: '' }, { version: 1 }]) {
      refuses('list', selector);
    }
    for (const options of [null, 5, { store: 'x' }]) refuses('drained', options);

    const wrong: string[] = [];
    for (const [call, make] of calls) {
      const told = await make().then(
        () => 'resolved',
        (error: { code?: unknown; message: string }) =>
          error.code === 'INVALID_OPTIONS' ? error : `${String(error.code)} ${error.message}`,
      );
      if (typeof told === 'string') wrong.push(`${call}: ${told}`);
      else if (told.message.length > 500)
        wrong.push(`${call} says ${told.message.length} characters`);
    }
    expect(wrong).toEqual([]);
    expect(calls.length).toBeGreaterThan(250);
    expect(await app.projections.interventions('items')).toEqual([]);
    expect(fixtures.log.of('log').filter((line) => line.includes('of projection'))).toEqual([]);
    await app.shows('items', { state: 'live' });
  });

  it('take undefined for absent', async () => {
    const { verbs } = await start();
    const nothing = { store: undefined, version: undefined };
    await verbs.pause('items', { ...nothing, by: undefined });
    await verbs.resume('items', { ...nothing, by: null });
    await verbs.status('items', nothing);
    await verbs.list({ store: undefined });
    await verbs.start({ live: undefined, durable: undefined });
    await verbs.waitFor('items', 1n, { ...nothing, timeout: undefined });
  });
});

/** For a message: a bigint and a symbol have no JSON. */
function shown(value: unknown): string {
  if (typeof value === 'bigint' || typeof value === 'symbol') return value.toString();
  return JSON.stringify(value)?.slice(0, 40) ?? 'undefined';
}

describe('The limit of predicates', () => {
  const query = factQuery(
    facts('x').where(...Array.from({ length: 1_500 }, (_none, n) => ({ n }))),
  );
  class Many {
    @DurableProjection({ name: 'many', query })
    project() {}

    @OnFacts(query)
    onFacts() {}
  }

  it.each(['memory', 'sqlite', 'postgres'] as const)(
    'is the store’s own on %s',
    async (provider) => {
      const options = await optionsOf(provider, fixtures);
      const app = await TestApp.start(
        fixtures,
        { ...options, limits: { maxPredicates: 5_000 } },
        Many,
      );
      await app.shows('many', { state: 'live' });
      await app.append('x');
      await app.projections.waitFor('many', 1n);
      await expect(TestApp.start(fixtures, options, Many)).rejects.toThrow(
        /Many\.(project|onFacts) cannot be followed: .*1500 payload predicates; the limit is 1000/,
      );
    },
  );

  it('is that of a store that the application made, whatever the module’s options are', async () => {
    const store = new FactstrMemoryStore({ limits: { maxPredicates: 5_000 } });
    fixtures.later(() => store.close());
    const app = await TestApp.start(fixtures, { provider: 'custom', store }, Many);
    await app.shows('many', { state: 'live' });

    const narrow = new FactstrMemoryStore({ limits: { maxPredicates: 100, maxNameBytes: 3 } });
    fixtures.later(() => narrow.close());
    await expect(
      TestApp.start(
        fixtures,
        { provider: 'custom', store: narrow, limits: { maxPredicates: 5_000 } },
        Many,
      ),
    ).rejects.toThrow(/Many\.(project|onFacts) cannot be followed: .*the limit is 100/);
    class Long {
      @DurableProjection({ name: 'long', query: {} })
      project() {}
    }
    await expect(
      TestApp.start(fixtures, { provider: 'custom', store: narrow }, Long),
    ).rejects.toThrow(/Long\.project cannot be followed: .*longer than 3 bytes/);
  });
});
