import { describeSharedConformance } from './conformance.js';
import { sqlitePromises } from '../support/providers/sqlite.js';

describeSharedConformance(sqlitePromises);
