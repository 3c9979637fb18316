import { describeConformance } from './conformance.js';
import { memory } from '../support/providers/memory.js';

describeConformance(memory);
