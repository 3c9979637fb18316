import { FactstrMemoryStore, FactstrStore } from 'nestjs-factstr';
import type { FactSchemas, FactStore } from 'nestjs-factstr';
import { afterEach } from '@jest/globals';
import { memory } from '../../support/providers/memory.js';
import { postgres } from '../../support/providers/postgres.js';
import type { Database } from '../../support/providers/provider.js';
import { sqlite } from '../../support/providers/sqlite.js';

/** An empty store: with schemas of facts, and as it is beneath them. */
export interface Opened {
  readonly service: FactstrStore<object>;
  /** The store without schemas: what it returns is what is stored. */
  readonly stored: FactstrStore<object>;
}

export interface Kind {
  readonly name: string;
  open(facts: FactSchemas | FactSchemas[]): Promise<Opened>;
}

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});

function ours(name: string, create: () => Promise<Database>): Kind {
  return {
    name,
    async open(facts) {
      const database = await create();
      undo.push(() => database.dispose());
      // Two stores on one database, where one process's memory is not all there is to it.
      if (name === 'memory') {
        const store = new FactstrMemoryStore();
        undo.push(() => store.close());
        return { service: FactstrStore.of(store, { facts }), stored: FactstrStore.of(store) };
      }
      return {
        service: FactstrStore.of(await database.open({ facts })),
        stored: FactstrStore.of(await database.open()),
      };
    },
  };
}

function custom(name: string, of: (store: FactstrMemoryStore) => FactStore): Kind {
  return {
    name,
    async open(facts) {
      const store = of(new FactstrMemoryStore());
      undo.push(() => store.close?.());
      return { service: FactstrStore.of(store, { facts }), stored: FactstrStore.of(store) };
    },
  };
}

/** The contract and nothing else. */
export function contractOnly(store: FactstrMemoryStore): FactStore {
  return {
    append: (...given) => store.append(...given),
    query: (...given) => store.query(...given),
    appendIf: (...given) => store.appendIf(...given),
    streamAll: (...given) => store.streamAll(...given),
    streamTo: (...given) => store.streamTo(...given),
    streamAllDurable: (...given) => store.streamAllDurable(...given),
    streamToDurable: (...given) => store.streamToDurable(...given),
    close: () => store.close(),
  };
}

/** One whose methods return promises. */
function asynchronousStore(store: FactstrMemoryStore): FactStore {
  return {
    ...contractOnly(store),
    append: async (...given) => store.append(...given),
    query: async (...given) => store.query(...given),
    appendIf: async (...given) => store.appendIf(...given),
  };
}

/** A wrapper, which hands on what the store can do. */
function wrapped(store: FactstrMemoryStore): FactStore {
  return { ...contractOnly(store), capabilities: store.capabilities };
}

/** Every provider, and stores of an application's own. */
export const KINDS: readonly Kind[] = [
  ours('memory', () => memory.create()),
  ours('SQLite', () => sqlite.create()),
  ours('Postgres', () => postgres.create()),
  custom('a synchronous store of the application', contractOnly),
  custom('an asynchronous store of the application', asynchronousStore),
  custom('a wrapper of a store of ours', wrapped),
];
