import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { sqlite } from '../support/providers/sqlite.js';
import { cursorStoreSuite } from './suites/cursor-store.js';

cursorStoreSuite(memory);
cursorStoreSuite(sqlite);
cursorStoreSuite(postgres);
