import { sqlite } from '../support/providers/sqlite.js';
import { direct, promised, service } from './faces.js';
import { describeModel } from './model.js';

describeModel('The SQLite store', sqlite, direct, { shared: true, ids: false, runs: 40 });
describeModel('The SQLite store’s promises', sqlite, promised, {
  shared: true,
  ids: false,
  runs: 40,
});
describeModel('FactstrStore on SQLite', sqlite, service, { shared: true, ids: false, runs: 20 });
