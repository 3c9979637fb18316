import { postgres } from '../support/providers/postgres.js';
import { direct, service } from './faces.js';
import { describeModel } from './model.js';

describeModel('The Postgres store', postgres, direct, { shared: true, ids: false, runs: 20 });
describeModel('FactstrStore on Postgres', postgres, service, {
  shared: true,
  ids: false,
  runs: 15,
});
