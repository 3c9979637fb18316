import { describeConformance } from './conformance.js';
import { memory } from './providers/memory.js';

describeConformance(memory);
