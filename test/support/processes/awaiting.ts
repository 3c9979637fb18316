import { FactstrMemoryStore } from '../../../lib/stores/memory/store.js';
import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { FactstrStore } from '../../../lib/service/factstr-store.js';

/**
 * A plain script: it awaits one thing at its end, with nothing else that keeps the process, and says so afterwards.
 * Arguments: what is awaited, the provider, and where the log is.
 */
type AnyStore = FactstrMemoryStore | FactstrSqliteStore | FactstrPostgresStore;

const [what, provider, place] = process.argv.slice(2) as [keyof typeof ends, string, string];

const fact = { event_type: 'noted', payload: { n: 1 } };

function open(options = {}): AnyStore {
  if (provider === 'memory') return new FactstrMemoryStore(options);
  return provider === 'sqlite'
    ? new FactstrSqliteStore(place, options)
    : new FactstrPostgresStore(place, options);
}

/** Until a handler has been called that never settles. */
async function stuck(store: AnyStore, kind: 'live' | 'durable'): Promise<void> {
  const called = new Promise<void>((resolve) => {
    const handle = (): Promise<void> => {
      resolve();
      return new Promise(() => undefined);
    };
    if (kind === 'live') store.streamAll(handle);
    // Registered when it has replayed what there is, which is nothing.
    else void store.streamAllDurable({ name: 'stuck' }, handle);
  });
  if (kind === 'durable') await new Promise((resolve) => setTimeout(resolve, 300));
  await store.append([fact]);
  await called;
}

const ends = {
  close: async () => {
    const store = open();
    await store.append([fact]);
    await store.close();
  },
  'close with a stuck live handler': async () => {
    const store = open();
    await stuck(store, 'live');
    await store.close();
  },
  'close with a stuck durable handler': async () => {
    const store = open();
    await stuck(store, 'durable');
    await store.close();
  },
  'the service’s close with a stuck handler': async () => {
    const store = open();
    await stuck(store, 'live');
    await FactstrStore.of(store).close();
  },
  'close of a store that was never used': async () => {
    await open().close();
  },
  'close while the index is being built': async () => {
    const store = open();
    await store.query({ filters: [{ payload_predicates: [{ n: 1 }] }] });
    await store.close();
  },
  'close right after the index began to be built': async () => {
    const store = open() as FactstrPostgresStore | FactstrSqliteStore;
    await store.contextIndex();
    await new Promise((resolve) => setImmediate(resolve));
    await store.close();
  },
  'the whole index': async () => {
    const store = open() as FactstrPostgresStore | FactstrSqliteStore;
    await store.contextsIndexed();
    const { head, indexed } = await store.contextIndex();
    if (head !== indexed || head === 0n) throw new Error('not indexed');
    await store.close();
  },
  'the start of a stream': async () => {
    const store = open();
    await FactstrStore.of(store).streamAll(() => undefined);
    await store.close();
  },
  'a registration, and its end': async () => {
    const store = open();
    await store.append([fact]);
    const subscription = await store.streamAllDurable({ name: 's' }, () => undefined);
    subscription.unsubscribe();
    await store.streamAllDurable({ name: 's' }, () => undefined);
    await store.close();
  },
  'a decision, and what is read': async () => {
    const service = FactstrStore.of(open());
    let attempts = 0;
    await service.decide({}, async () => {
      // Another one is always first, twice.
      if (attempts++ < 2) await service.append([fact]);
      return [fact];
    });
    for await (const record of service.read({})) if (record.event_type === '') throw new Error();
    await service.close();
  },
  'a server that is down': async () => {
    const store = new FactstrPostgresStore(place, { connectionTimeout: 300 });
    store.streamAll(() => undefined);
    await store.append([fact]).then(
      () => {
        throw new Error('There is a server.');
      },
      () => undefined,
    );
    await store.close();
  },
};

await ends[what]();
console.log(`after: ${what}`);
