import { memory } from '../conformance/providers/memory.js';
import { postgres } from '../conformance/providers/postgres.js';
import { sqlite } from '../conformance/providers/sqlite.js';
import { storesOf } from '../conformance/support/provider.js';
import { ledgerProtocolSuite } from './suites/ledger-protocol.js';

for (const provider of [memory, sqlite, postgres]) {
  const openStore = storesOf(provider);
  ledgerProtocolSuite(provider.name, async () => (await openStore()).log.ledger);
}
