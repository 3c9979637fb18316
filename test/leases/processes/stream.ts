// A bare durable stream: tells when it has replayed, and what it is given.
import { FactstrPostgresStore, FactstrSqliteStore } from 'nestjs-factstr';
import { next, send } from '../../support/child-task.js';

export interface Task {
  provider: 'sqlite' | 'postgres';
  where: string;
  leaseTtl: number;
}

const { provider, where, leaseTtl } = await next<Task>();
const store =
  provider === 'sqlite'
    ? new FactstrSqliteStore(where, { leaseTtl })
    : new FactstrPostgresStore(where, { leaseTtl });
await store.streamAllDurable({ name: 's' }, (facts) => {
  send(facts.map(({ sequence_number }) => Number(sequence_number)));
});
send('running');
await next();
await store.close();
process.exit();
