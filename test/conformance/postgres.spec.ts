import { describeConformance, describeSharedDatabase } from './conformance.js';
import { postgres } from '../support/providers/postgres.js';

describeConformance(postgres);
describeSharedDatabase(postgres);
