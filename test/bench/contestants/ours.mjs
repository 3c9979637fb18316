import { countRows } from '../places/count.mjs';
import { dropIndexTables } from '../places/index-tables.mjs';
import { factstrPostgres } from '../places/factstr-postgres.seed.mjs';
import { factstrSqlite } from '../places/factstr-sqlite.seed.mjs';
import { fact, groupsOf } from '../facts.mjs';
import { decisionsSession } from './decisions.mjs';
import { factStoreSession, serviceSession, streams } from './fact-store.mjs';
import {
  FactstrMemoryStore,
  FactstrPostgresStore,
  FactstrSqliteStore,
  FactstrStore,
} from './library.mjs';
import { replayProjection } from './projection.mjs';

/** Synchronous stores have one caller at a time; their service has many. */
const synchronous = { callers: 1 };

function session(store, own) {
  return {
    ...factStoreSession(store),
    ...streams(store),
    store,
    /** Resolves when the context index covers the log; undefined where there is none. */
    indexed: () => store.contextsIndexed?.(),
    service: serviceOf(FactstrStore.of(store)),
    close: () => store.close(),
    ...own,
  };
}

const serviceOf = (service) => ({ ...serviceSession(service), ...decisionsSession(service) });

const sqlite = {
  id: 'ours',
  engine: 'sqlite',
  seed: factstrSqlite,
  open({ path }) {
    const store = new FactstrSqliteStore(path);
    return session(store, {
      ...synchronous,
      count: () => countRows({ path }, 'events'),
      dropIndex: () => dropIndexTables({ path }),
      reopen: () => sqlite.open({ path }),
      projection: (options, onFacts) =>
        replayProjection({ provider: 'sqlite', path }, options, onFacts),
    });
  },
};

const postgres = {
  id: 'ours',
  engine: 'postgres',
  seed: factstrPostgres,
  async open({ url }) {
    const store = new FactstrPostgresStore(url);
    await store.connect();
    return session(store, {
      count: () => countRows({ url }, 'events'),
      dropIndex: () => dropIndexTables({ url }),
      reopen: () => postgres.open({ url }),
      projection: (options, onFacts) =>
        replayProjection({ provider: 'postgres', url }, options, onFacts),
    });
  },
};

const memory = {
  id: 'ours',
  engine: 'memory',
  open() {
    const store = new FactstrMemoryStore();
    return session(store, {
      ...synchronous,
      count: () => store.query({}).event_records.length,
      fill(size) {
        const groups = groupsOf(size);
        for (let n = 0; n < size; n++) store.append([fact(n, { groups })]);
      },
    });
  },
};

/** The same store and place as another contestant's, through `FactstrStore`. */
const service = (base) => ({ id: 'service', engine: base.engine, base });

export const ours = [sqlite, postgres, memory].flatMap((store) => [store, service(store)]);
