import { describeView } from './suite.js';

describeView('sqlite');
