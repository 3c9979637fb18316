import { describeConformance, describeSharedDatabase } from './conformance.js';
import { sqlite } from './providers/sqlite.js';

describeConformance(sqlite);
describeSharedDatabase(sqlite);
