import { natsProvider } from '../support/providers/nats.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { direct, service } from './faces.js';
import { describeModel } from './model.js';

describeWith(nats, 'The stores on NATS', () => {
  const three = natsProvider('memory', { servers: 3 }, { read: 'barrier' });
  describeModel('The NATS store', three, direct, { shared: true, ids: false, runs: 15 });
  describeModel('FactstrStore on NATS', three, service, { shared: true, ids: false, runs: 10 });
});
