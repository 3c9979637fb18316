import { describeConformance } from './conformance.js';
import { natsProvider } from '../support/providers/nats.js';

describeConformance(natsProvider('memory'));
