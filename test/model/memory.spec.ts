import { memory } from '../support/providers/memory.js';
import { direct, service } from './faces.js';
import { describeModel } from './model.js';

describeModel('The memory store', memory, direct, { shared: false, ids: true, runs: 100 });
describeModel('FactstrStore on memory', memory, service, { shared: false, ids: true, runs: 50 });
