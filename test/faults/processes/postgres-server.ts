// A Postgres server with this process's environment, for as long as the process lives.
import { done, next, send } from '../../support/child-task.js';
import { startPostgresServer } from '../../support/postgres.js';

process.on('disconnect', () => process.exit());

await next();
const server = await startPostgresServer();
send(server.url);
await next();
await server.end();
done();
