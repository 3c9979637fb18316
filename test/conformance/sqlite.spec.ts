import { describeSharedConformance } from './conformance.js';
import { sqlite } from '../support/providers/sqlite.js';

describeSharedConformance(sqlite);
