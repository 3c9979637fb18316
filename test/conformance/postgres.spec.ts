import { describeConformance, describeSharedDatabase } from './conformance.js';
import { postgres } from './providers/postgres.js';

describeConformance(postgres);
describeSharedDatabase(postgres);
