import { existsSync } from 'node:fs';

/** Where Debian puts the server's own script; the one in the path insists on a user of its own. */
const server = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const epmd = '/usr/bin/epmd';

/** RabbitMQ's script, and Erlang's port mapper. `undefined` where they are not installed. */
export function rabbitMqPrograms(): { server: string; epmd: string } | undefined {
  return existsSync(server) && existsSync(epmd) ? { server, epmd } : undefined;
}
