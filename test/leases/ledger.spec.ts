import { memory } from '../conformance/providers/memory.js';
import { postgres } from '../conformance/providers/postgres.js';
import { sqlite } from '../conformance/providers/sqlite.js';
import { ledgerSuite } from './suites/ledger.js';

ledgerSuite(memory);
ledgerSuite(sqlite);
ledgerSuite(postgres);
