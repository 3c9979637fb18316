import { describe, expect, it } from '@jest/globals';
import { StreamEndedError } from '../../lib/contract/errors.js';
import { facts } from '../support/facts/facts.js';
import { Gate } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { until } from '../support/waiting/until.js';
import { testDatabases } from '../support/postgres/database.js';
import { machineTime } from '../support/waiting/machine-time.mjs';

const create = testDatabases();
describe('close', () => {
  it('ends what is under way, and may be called again', async () => {
    const database = await create();
    const store = database.store();
    await store.streamAll(() => undefined).started;
    await store.append(facts(3));
    const starting = errorOf(() => store.streamAllDurable({ name: 'all' }, () => undefined));
    await Promise.all([store.close(), store.close()]);
    await store.close();
    expect(await starting).toBeInstanceOf(StreamEndedError);
    await until(
      async () =>
        (
          await database.rows(
            `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'nestjs-factstr'`,
          )
        ).length === 0,
      () => 'the connections to be gone',
    );
  });

  it('does not wait for ever for a handler that never settles', async () => {
    const database = await create();
    const store = database.store();
    const called = new Gate();
    await store.streamAll(() => {
      called.open();
      return new Promise(() => undefined);
    }).started;
    await store.append(facts(1));
    await called.passed;
    const begin = machineTime();
    await store.close();
    expect(machineTime() - begin).toBeLessThan(15_000);
  });

  it('is fine for a store that never connected', async () => {
    const database = await create();
    await database.store().close();
  });
});
