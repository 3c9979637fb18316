import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { sqlite } from '../support/providers/sqlite.js';
import { storesOf } from '../support/providers/provider.js';
import { cursorStoreProtocolSuite } from './suites/cursor-store-protocol.js';

for (const provider of [memory, sqlite, postgres]) {
  const openStore = storesOf(provider);
  cursorStoreProtocolSuite(provider.name, async () => (await openStore()).log.cursorStore);
}
