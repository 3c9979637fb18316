import { describeConformance } from './conformance.js';
import { natsProvider } from '../support/providers/nats.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';

describeWith(nats, 'The store on NATS, its view in a file', () =>
  describeConformance(natsProvider('file', { sync: '2m' }, { durability: 'replicated' })),
);
