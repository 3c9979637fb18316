import { describeConformance } from './conformance.js';
import { natsProvider } from '../support/providers/nats.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';

describeWith(nats, 'The store on NATS', () =>
  describeConformance(
    natsProvider('memory', { servers: 3, sync: '2m' }, { durability: 'replicated' }),
  ),
);
