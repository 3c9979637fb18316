// Fetches the servers that tests start, before they need them, and prints a line for each that cannot be had.
import { kafka, nats, rabbitMq } from './servers.js';

const suites = new Map([
  [nats, 'test/nats, test/relay/nats'],
  [kafka, 'test/relay/kafka'],
  [rabbitMq, 'test/relay/rabbitmq'],
]);
for (const [server, where] of suites) {
  if (server.isThere()) continue;
  console.log(
    `NOT RUN: the tests of ${where}, for there is no ${server.name} server here (it comes by: ${server.from}).`,
  );
}
