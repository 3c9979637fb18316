import { describeConformance, describeSharedDatabase } from './conformance.js';
import { sqlite } from '../support/providers/sqlite.js';

describeConformance(sqlite);
describeSharedDatabase(sqlite);
