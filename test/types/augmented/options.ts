import { FactstrMemoryStore, FactstrModule, toJson } from 'nestjs-factstr';
import type { FactStore, FactstrOptions, FactstrOptionsFactory } from 'nestjs-factstr';

FactstrModule.forRoot();
FactstrModule.forRoot({ provider: 'memory', name: 'audit', isGlobal: false });
FactstrModule.forRoot({ provider: 'sqlite', path: 'x', busyTimeout: 1, handlers: false });
FactstrModule.forRoot({
  provider: 'postgres',
  url: 'x',
  pool: { max: 5, ssl: { rejectUnauthorized: true } },
  retryAttempts: 3,
  retryDelay: 1,
  initialize: false,
  handlers: { live: false },
});
FactstrModule.forRoot({ provider: 'custom', store: new FactstrMemoryStore() });
FactstrModule.forRoot({ provider: 'custom', store: async () => new FactstrMemoryStore() });
FactstrModule.forRootAsync({ useFactory: () => ({ provider: 'memory' }) });
FactstrModule.forRootAsync({
  name: 'audit',
  isGlobal: false,
  inject: ['settings'],
  useFactory: async (path: string): Promise<FactstrOptions> => ({ provider: 'sqlite', path }),
});

class Settings implements FactstrOptionsFactory {
  createFactstrOptions(): FactstrOptions {
    return { provider: 'memory', maxAttempts: 3, shutdownTimeout: 1 };
  }
}
FactstrModule.forRootAsync({ useClass: Settings });
FactstrModule.forRootAsync({ useExisting: Settings });

// @ts-expect-error SQLite has a path
FactstrModule.forRoot({ provider: 'sqlite' });
// @ts-expect-error Postgres has a URL
FactstrModule.forRoot({ provider: 'postgres', path: 'x' });
// @ts-expect-error memory has no path
FactstrModule.forRoot({ provider: 'memory', path: 'x' });
// @ts-expect-error no such provider
FactstrModule.forRoot({ provider: 'mysql', url: 'x' });
// @ts-expect-error not a store
FactstrModule.forRoot({ provider: 'custom', store: {} });
export const inside: FactstrOptions = {
  provider: 'memory',
  // @ts-expect-error the name stands outside the factory
  name: 'x',
};
// @ts-expect-error a class that makes no options
FactstrModule.forRootAsync({ useClass: class {} });

// Synchronous and asynchronous stores are both a FactStore.
declare const asynchronous: {
  [K in 'append' | 'query' | 'appendIf']: (
    ...args: Parameters<FactStore[K]>
  ) => Promise<Awaited<ReturnType<FactStore[K]>>>;
} & Omit<FactStore, 'append' | 'query' | 'appendIf'>;
asynchronous satisfies FactStore;

// On memory and SQLite the results are there at once.
const memory = new FactstrMemoryStore();
memory.append([{ event_type: 'x', payload: 1 }]).last_sequence_number satisfies bigint;
memory.query({}).event_records.length satisfies number;
toJson(memory.query({})) satisfies unknown;
