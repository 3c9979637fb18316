import { describeView } from './suite.js';

describeView('memory');
