import { describeSharedConformance } from './conformance.js';
import { postgres } from '../support/providers/postgres.js';

describeSharedConformance(postgres);
