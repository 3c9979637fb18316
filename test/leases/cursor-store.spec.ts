import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { sqlite } from '../support/providers/sqlite.js';
import { ledgerSuite } from './suites/cursor-store.js';

ledgerSuite(memory);
ledgerSuite(sqlite);
ledgerSuite(postgres);
