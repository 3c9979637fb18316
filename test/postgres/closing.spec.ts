import { describe, expect, it } from '@jest/globals';
import { containing, facts, ofTypes, upTo } from '../support/facts/facts.js';
import { testDatabases } from '../support/postgres/database.js';
import { machineTime } from '../support/waiting/machine-time.mjs';

const create = testDatabases();

describe('Closing a store', () => {
  it.each([
    ['by type', ofTypes('noted')],
    ['by payload', containing({ n: 1 })],
  ])('forgets no query that waits for a connection: %s', async (_, query) => {
    const database = await create();
    const store = database.store({ pool: { max: 2 } });
    await store.append(facts(3));
    await store.query(query);
    const asked = Promise.allSettled(upTo(20).map(() => store.query(query)));
    const begin = machineTime();
    await store.close();
    const results = await asked;
    // Not the five seconds for which a connection is waited for.
    expect(machineTime() - begin).toBeLessThan(4_000);
    for (const result of results) {
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'STORE_CLOSED' });
    }
  });

  it('answers appends that were accepted, whatever their contexts', async () => {
    const database = await create();
    const store = database.store({ pool: { max: 2 } });
    await store.append(facts(3));
    const accepted = upTo(20).map((n) => store.appendIf(facts(1), containing({ never: n }), null));
    await store.close();
    for (const { append_result } of await Promise.all(accepted)) expect(append_result).toBeTruthy();
  });
});
