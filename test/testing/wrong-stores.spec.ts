import { describe, expect, it } from '@jest/globals';
import { FactstrMemoryStore } from 'nestjs-factstr';
import type {
  CursorStore,
  EventQuery,
  FactStore,
  StoreWithLog,
  StreamHandler,
} from 'nestjs-factstr';
import { describeCursorStore, describeFactStore } from 'nestjs-factstr/testing';
import type { StoreFeature, TestRunner } from 'nestjs-factstr/testing';
import { Collected } from './support/collected.js';
import { contractOnly } from './support/contract-only.js';

/** A right store in which something goes as `wrong` says. */
type Wrong = (store: FactStore) => Partial<FactStore>;

function failuresOf(wrong: Wrong, words?: string): Promise<string[]> {
  const runner = new Collected();
  describeFactStore(runner, () => {
    const store = contractOnly(new FactstrMemoryStore());
    return { ...store, ...wrong(store) };
  });
  return runner.failures(words);
}

const each =
  (handle: StreamHandler): StreamHandler =>
  async (events) => {
    for (const event of events) if ((await handle([event])) === false) return false;
    return true;
  };

const cases: [what: string, wrong: Wrong, words: string, caught: string][] = [
  [
    'judges no context',
    (store) => ({ appendIf: async (events) => ({ append_result: await store.append(events) }) }),
    'concurrency',
    'lets exactly one of many concurrent appendIf for one context win',
  ],
  [
    'judges the context by its rows after the read cursor',
    (store) => ({
      query: async (query) => {
        const result = await store.query(query);
        return { ...result, current_context_version: result.last_returned_sequence_number };
      },
    }),
    'querying',
    '',
  ],
  [
    'looks for scalars in arrays',
    (store) => ({
      query: async ({ filters, ...rest }: EventQuery) =>
        store.query({
          ...rest,
          filters: filters?.map((filter) => ({
            ...filter,
            payload_predicates: filter.payload_predicates?.flatMap((part) =>
              typeof part === 'string' ? [part, [part]] : [part],
            ),
          })),
        }),
    }),
    'containment',
    'a scalar does not match an array that holds it',
  ],
  [
    'delivers fact by fact',
    (store) => ({ streamAll: (handle) => store.streamAll(each(handle)) }),
    'live streams',
    'deliver what is committed after the call, one committed batch at a time',
  ],
  [
    'forgets the cursor',
    (store) => {
      let registrations = 0;
      const renamed = (name: string): { name: string } => ({ name: `${name} ${++registrations}` });
      return {
        streamAllDurable: ({ name }, handle) => store.streamAllDurable(renamed(name), handle),
      };
    },
    'go on strictly',
    'go on strictly after the cursor when resumed',
  ],
  [
    'hands the same records to every caller',
    (store) => {
      const answers = new Map<string, unknown>();
      return {
        query: async (query) => {
          const key = JSON.stringify(query);
          const known = answers.get(key) ?? (await store.query(query));
          answers.set(key, known);
          return known as Awaited<ReturnType<FactStore['query']>>;
        },
      };
    },
    'ownership',
    'gives every caller values of its own',
  ],
  [
    'takes an event type that is empty',
    (store) => ({
      append: (events) =>
        store.append(
          Array.isArray(events)
            ? events.map((event) =>
                event?.event_type === '' ? { ...event, event_type: '-' } : event,
              )
            : events,
        ),
    }),
    'bad input',
    'append refuses an event_type that is empty',
  ],
  [
    'can be used after it was closed',
    (store) => ({ close: () => undefined, query: (query) => store.query(query) }),
    'refuses query afterwards',
    'refuses query afterwards',
  ],
];

describe('The suites for fact stores', () => {
  it('pass a store that has the contract only', async () => {
    expect(await failuresOf(() => ({}))).toEqual([]);
  });

  it.each(cases)('fail a store that %s', async (_, wrong, words, caught) => {
    const failed = await failuresOf(wrong, words);
    expect(failed.filter((title) => title.includes(caught))).not.toEqual([]);
  });

  it('refuse a runner that lacks something, a feature that there is not, and one store for two', () => {
    const { describe: one, it: two, expect: three } = new Collected();
    const lacking = { describe: one, it: two, expect: three } as unknown as TestRunner;
    const make = (): FactStore => new FactstrMemoryStore();
    expect(() => describeFactStore(lacking, make)).toThrow('has no beforeEach');
    const { beforeEach, afterEach } = new Collected();
    const withoutEnd = { ...lacking, beforeEach, afterEach };
    expect(() => describeFactStore(withoutEnd, make)).toThrow('afterAll');
    const features = ['appendId'] as unknown as StoreFeature[];
    expect(() => describeFactStore(new Collected(), make, { features })).toThrow('appendIds');
    expect(() => describeFactStore(new Collected(), make, { features: ['shared'] })).toThrow(
      '{ create }',
    );
  });
});

const wrongCursorStores: [what: string, wrong: (right: CursorStore) => Partial<CursorStore>][] = [
  [
    'lets a former owner write',
    (right) => ({
      advance: async (name, _epoch, fingerprint) =>
        right.advance(name, (await right.find(name))?.epoch ?? 0n, fingerprint),
    }),
  ],
  [
    'claims without a look at the renewals',
    (right) => ({
      claim: async (name, seen, owner, ttl) => {
        const { renewals } = (await right.find(name)) ?? seen;
        return right.claim(name, { ...seen, renewals }, owner, ttl);
      },
    }),
  ],
  [
    'parks without moving the cursor',
    (right) => ({
      park: async (name, epoch, fact) => {
        const { position, fingerprint } = (await right.find(name))!;
        const stays = fingerprint ?? { sequence_number: position, hash: '' };
        return right.park(name, epoch, fact, stays);
      },
    }),
  ],
  [
    'forgets who intervened',
    (right) => ({
      intervene: (name, said) => right.intervene(name, { ...said, by: null }),
    }),
  ],
];

describe('The suites for cursor stores', () => {
  const failuresOfCursorStore = (wrong: (right: CursorStore) => Partial<CursorStore>) => {
    const runner = new Collected();
    describeCursorStore(runner, () => {
      const right = (new FactstrMemoryStore() as unknown as StoreWithLog).log.cursorStore;
      return new Proxy(right, {
        get: (target, key) => {
          const own = Reflect.get(wrong(target), key) as unknown;
          const member = own ?? (Reflect.get(target, key) as unknown);
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      });
    });
    return runner.failures();
  };

  it('pass one of this package', async () => {
    expect(await failuresOfCursorStore(() => ({}))).toEqual([]);
  });

  it.each(wrongCursorStores)('fail one that %s', async (_, wrong) => {
    expect(await failuresOfCursorStore(wrong)).not.toEqual([]);
  });
});
