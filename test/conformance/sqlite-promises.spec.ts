import { describeConformance, describeSharedDatabase } from './conformance.js';
import { sqlitePromises } from './providers/sqlite.js';

describeConformance(sqlitePromises);
describeSharedDatabase(sqlitePromises);
