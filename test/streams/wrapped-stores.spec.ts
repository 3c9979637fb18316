import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type {
  FactStore,
  StoreCapabilities,
  StorePromises,
} from '../../lib/contract/contract.types.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import {
  asynchronous,
  closeStore,
  logOf,
  storeFileOf,
  streamLive,
  walkableOf,
} from '../../lib/streams/store-face.js';
import { synchronousStore } from '../support/fixtures/hand-written-stores.js';

const METHODS = ['append', 'appendIf', 'query', 'queryPage'] as const;
type Method = (typeof METHODS)[number];

/** Which methods were called, with what. */
let called: unknown[][] = [];
beforeEach(() => {
  called = [];
});
const noting =
  (name: string) =>
  (...given: unknown[]): never => {
    called.push([name, ...given]);
    return `what ${name} answers` as never;
  };

/** Methods of a store that are said not to block. */
function promisesOf(without?: 'queryPage'): StorePromises {
  const { queryPage, ...rest } = {
    append: noting('promises.append'),
    appendIf: noting('promises.appendIf'),
    query: noting('promises.query'),
    queryPage: noting('promises.queryPage'),
    close: noting('promises.close'),
  };
  return without === undefined ? { ...rest, queryPage } : rest;
}

/** A store of ours, as that on SQLite: it has such methods besides its own. */
class Ours extends FactstrMemoryStore {
  constructor(readonly promises = promisesOf()) {
    super();
  }

  protected override abilities(): Pick<StoreCapabilities, 'promises'> {
    return { promises: this.promises };
  }
}

/** With methods in the place of its own, as a test's double has them. */
function patched<T extends object>(store: T, ...names: string[]): T {
  for (const name of names) Object.assign(store, { [name]: noting(name) });
  return store;
}

/** Calls each of the methods, and tells which were reached. */
function reached(methods: StorePromises): unknown[] {
  called = [];
  for (const name of METHODS)
    (methods[name] as ((...given: unknown[]) => unknown) | undefined)?.(name, 2, 3, 4);
  for (const [index, [, ...given]] of called.entries()) {
    expect([index, given.slice(1)]).toEqual([index, [2, 3, 4]]);
  }
  return called.map(([name]) => name);
}

describe('The methods of a store that do not block', () => {
  it('are those that it hands, all of them, where the store is ours or says so', () => {
    const ours = new Ours();
    expect(asynchronous(ours)).toBe(ours.promises);
    const promises = promisesOf();
    const custom = { ...synchronousStore().store, capabilities: { promises } };
    expect(asynchronous(custom)).toBe(promises);
  });

  it('are its own where it hands none', () => {
    const memory = new FactstrMemoryStore();
    expect(asynchronous(memory)).toBe(memory);
    const { store } = synchronousStore();
    expect(asynchronous(store)).toBe(store);
    const capable = { ...store, capabilities: {} };
    expect(asynchronous(capable)).toBe(capable);
  });

  it.each<[Method[], string[]]>([
    [['append'], ['append', 'promises.appendIf', 'promises.query', 'promises.queryPage']],
    [['appendIf'], ['promises.append', 'appendIf', 'promises.query', 'promises.queryPage']],
    // Pages would go past the query that was put before.
    [['query'], ['promises.append', 'promises.appendIf', 'query']],
    [['queryPage'], ['promises.append', 'promises.appendIf', 'promises.query', 'queryPage']],
    [
      ['query', 'queryPage'],
      ['promises.append', 'promises.appendIf', 'query', 'queryPage'],
    ],
    [[...METHODS], [...METHODS]],
  ])('are the store’s own where these were replaced: %j', (names, expected) => {
    expect(reached(asynchronous(patched(new Ours(), ...names)))).toEqual(expected);
  });

  it('have no pages where the store has none', () => {
    const methods = asynchronous(patched(new Ours(promisesOf('queryPage')), 'append'));
    expect(Object.keys(methods)).toEqual(['append', 'appendIf', 'query']);
    expect(methods.append([])).toBe('what append answers');
    expect(methods.appendIf([], {}, null)).toBe('what promises.appendIf answers');
    expect(methods.query({})).toBe('what promises.query answers');
  });

  it('are a subclass’s where that overrides them', () => {
    class Extended extends Ours {
      override append(...given: unknown[]): never {
        return noting('extended')(...given);
      }
    }
    const store = new Extended();
    expect(reached(asynchronous(store))).toEqual([
      'extended',
      'promises.appendIf',
      'promises.query',
      'promises.queryPage',
    ]);
    expect(store.isOwn('append', undefined)).toBe(false);
  });

  it('are a wrapper’s, of what it has itself', () => {
    const ours = new Ours();
    const { capabilities } = ours;
    const wrapper = patched({ capabilities } as FactStore, 'append', 'appendIf', 'query');
    expect(reached(asynchronous(wrapper))).toEqual(['append', 'appendIf', 'query']);
    for (const name of METHODS) expect(ours.isOwn(name, undefined)).toBe(false);
  });
});

describe('A store is closed', () => {
  it('within a limit where its close is its own, else as it closes', async () => {
    const own = patched(new Ours(), 'closeWithin');
    await closeStore(own, 7);
    await closeStore(patched(new Ours(), 'closeWithin', 'close'), 7);
    await closeStore(patched(new Ours(), 'closeWithin', 'close'));
    expect(called).toEqual([['closeWithin', 7], ['close'], ['close']]);
    called = [];
    await closeStore(own);
    expect(called).toEqual([['closeWithin', 5_000]]);
  });

  it('by the methods that do not block where a custom one has them, and else by its own', async () => {
    const { store } = synchronousStore();
    for (const [capabilities, expected] of [
      [undefined, 'close'],
      [{}, 'close'],
      [{ promises: {} }, 'close'],
      [{ promises: { close: noting('promises.close') } }, 'promises.close'],
    ] as const) {
      called = [];
      const custom = { ...patched({ ...store }, 'close'), capabilities } as unknown as FactStore;
      await closeStore(custom, 7);
      expect(called).toEqual([[expected]]);
    }
    await closeStore({} as FactStore);
  });
});

describe('A wrapper of a store of ours', () => {
  it('is walked as that one is, unless it has a log of its own', () => {
    const ours = new FactstrMemoryStore();
    const { capabilities } = ours;
    const wrapper = { capabilities } as FactStore;
    expect(logOf(wrapper)).toBe(ours.log);
    expect(walkableOf(wrapper)).toBe(walkableOf(ours));
    const { log } = new FactstrMemoryStore();
    expect(walkableOf({ capabilities, log } as unknown as FactStore)).toMatchObject({
      source: log,
    });
  });

  it('has its own live streams followed; another’s are the store’s, outside of what appended', () => {
    const ours = patched(new Ours(), 'follow');
    const { capabilities } = ours;
    const request = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const handle = (facts: unknown): void => void seen.push(facts, request.getStore());
    const replaced = (): void => undefined;
    streamLive(ours, {}, handle, replaced);
    streamLive(patched({ capabilities } as FactStore, 'streamTo'), {}, handle, replaced);
    expect(called).toEqual([
      ['follow', {}, handle, replaced],
      ['streamTo', {}, expect.any(Function)],
    ]);
    const deliver = called[1]![2] as (facts: unknown[]) => void;
    request.run('appending', () => deliver(['a fact']));
    expect(seen).toEqual([['a fact'], undefined]);
  });
});

describe('A store of ours behind a wrapper', () => {
  it('is asked by the wrapper’s own promises where that has some', () => {
    const inner = new Ours();
    const own = promisesOf();
    const wrapper = { capabilities: { ...inner.capabilities, promises: own } } as FactStore;
    expect(asynchronous(wrapper)).toBe(own);
    const same = { capabilities: inner.capabilities } as FactStore;
    expect(asynchronous(same)).not.toBe(inner.promises);
  });

  it('without such methods is not asked for pages past a query of the wrapper’s', () => {
    const store = patched(new FactstrMemoryStore(), 'query');
    const face = asynchronous(store);
    expect(face.query({})).toBe('what query answers');
    expect('queryPage' in face).toBe(false);
  });

  it('tells its file, if it has one', () => {
    const inner = new FactstrMemoryStore();
    expect(storeFileOf(inner)).toBeUndefined();
    expect(storeFileOf({} as FactStore)).toBeUndefined();
    const own = { ...inner.capabilities, own: { file: 'facts.sqlite' } };
    expect(storeFileOf({ capabilities: own } as unknown as FactStore)).toBe('facts.sqlite');
  });
});
