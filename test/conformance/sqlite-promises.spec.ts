import { describeConformance, describeSharedDatabase } from './conformance.js';
import { sqlitePromises } from '../support/providers/sqlite.js';

describeConformance(sqlitePromises);
describeSharedDatabase(sqlitePromises);
