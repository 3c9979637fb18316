import { FactstrStore } from '../../../lib/service/factstr-store.js';
import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import type { FactStoreOptions } from '../../../lib/streams/streaming-store.js';
import type { Location } from './engine.js';

/** Our store, as services use it. */
export function openStore(location: Location, options?: FactStoreOptions): FactstrStore {
  return FactstrStore.of(
    'sqlite' in location
      ? new FactstrSqliteStore(location.sqlite, options)
      : new FactstrPostgresStore(location.postgres, options),
  );
}
